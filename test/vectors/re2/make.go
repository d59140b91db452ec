// What Go's regexp package says about patterns and texts.
// Made with Go 1.26: go run test/vectors/re2/make.go > test/vectors/re2/vectors.json
package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime"
	"strings"
)

var written = []string{
	``, `a`, `^a`, `a$`, `^a$`, `\Aa\z`, `\Z`, `a\b`, `\Bb`, `\bgithub\b`, `.`, `^.$`, `^..$`, `(?s)^.$`, `(?s).*`, `.*`, `.+`, `^.*$`, `^.+$`,
	`(?m)^b$`, `(?m)^$`, `^$`, `$`, `^`, `$^`, `^*`, `$*`, `(?m)a$`, `a\z`, `\n`, `[^a]`, `^[^a]$`, `[^\n]`, `^[^\n]*$`,
	`github.com`, `github\.com`, `^https://github\.com/acme/`, `https://github.com/acme/.*`, `^https://github.com/acme`,
	`^https://github\.com/acme/app/\.github/workflows/release\.yml@refs/tags/v[0-9]+\.[0-9]+\.[0-9]+$`,
	`^https://github\.com/(acme|acme-labs)/[^/]+/\.github/workflows/[^@]+@refs/(heads/main|tags/v.*)$`,
	`@example\.com$`, `^[^@]+@example\.com$`, `^dev@`, `(?i)^DEV@EXAMPLE\.COM$`, `(?i)dev`, `(?i)github\.COM`, `(?i:GITHUB)\.com`, `(?-i)a`, `(?i-i)A`,
	`(?i)k`, `(?i)K`, `(?i)\x{212a}`, `(?i)ſ`, `(?i)s`, `(?i)[k-s]`, `(?i)[^k]`, `(?i)straße`, `(?i)ß`, `(?i)ẞ`, `(?i)σ`, `(?i)İ`, `(?i)ı`, `(?i)é`, `(?i)ǆ`, `(?i)\pLu`, `(?i)\p{Lu}`, `(?i)\p{Ll}`,
	`\pL`, `^\pL+$`, `\PL`, `^\PL+$`, `\pN`, `\p{Nd}`, `\p{Greek}`, `\p{^Greek}`, `\P{Greek}`, `\P{^Greek}`, `\p{Latin}+`, `\p{Han}`, `\p{Cyrillic}`, `\p{Any}`, `\pZz`, `\p{Zs}`, `\p{L`, `\p`, `\p{Foo}`, `\p{IsGreek}`, `[\pL\d]+`, `[^\pL]`, `[\p{Greek}a]`,
	`\d`, `^\d+$`, `\D`, `\w`, `^\w+$`, `\W`, `\s`, `\S`, `[\d]`, `[\D]`, `[\w-]`, `^[\w.-]+$`, `[\s\S]`, `[a-\d]`, `\h`, `\R`, `\X`, `\K`, `\G`, `\N`, `\C`, `\y`, `\e`, `\a`, `\f\t\n\r\v`,
	`[[:alpha:]]`, `^[[:alpha:]]+$`, `[[:^alpha:]]`, `[[:word:]]`, `[[:foo:]]`, `[:alpha:]`, `[[:punct:]]`, `[[:space:]]`, `[[:xdigit:]]+`,
	`[]a]`, `[^]a]`, `[a-]`, `[-a]`, `[a-c-e]`, `[z-a]`, `[a`, `[`, `]`, `[]`, `[^]`, `[\]]`, `[\Qa\E]`, `[a&&b]`, `[.]`, `[*]`,
	`a*`, `a+`, `a?`, `a*?`, `a+?`, `a??`, `a**`, `a*+`, `a++`, `a?+`, `*`, `+a`, `?`, `(*)`, `(|*)`, `a{2}`, `^a{2}$`, `a{2,}`, `a{,2}`, `a{2,3}`, `a{2,1}`, `a{0}`, `^a{0}$`, `a{0,0}`, `a{1000}`, `a{1001}`, `a{1,1001}`, `(a{1000}){1000}`, `(a{100}){10}`, `(a{100}){11}`, `a{2}{3}`, `a{`, `{`, `}`, `{1}`, `a{1`, `a{a}`, `a{-1}`, `a{01}`, `a{2}?`, `x{99999999999999}`,
	`(a)`, `(a`, `a)`, `()`, `(`, `)`, `(?:a)`, `(?:`, `(?`, `(?a`, `(?P<n>a)`, `(?<n>a)`, `(?P<n>a)(?P<n>b)`, `(?P<n`, `(?P<>a)`, `(?P=n)`, `(?P>n)`, `(?P<n-m>a)`, `(?P<é>a)`, `(?'n'a)`, `(?#c)`, `(?x)a`, `(?i)`, `(?i`, `(?i:)`, `(?U)a+`, `(?ims)^A.B$`, `(?^a)`,
	`(?=a)`, `(?!a)`, `(?<=a)`, `(?<!a)`, `(?>a)`, `(a)\1`, `\1`, `\8`, `\0`, `\07`, `\08`, `\012`, `\123`, `\377`, `\x41`, `\x4`, `\x`, `\x{41}`, `\x{}`, `\x{110000}`, `\x{10FFFF}`, `\x{1F600}`, `\xff`, `\u0041`, `\cA`,
	`a|b`, `a||b`, `|`, `|a`, `a|`, `^a|b$`, `^(a|b)$`, `a|ab`, `ab|a`, `(a|ab)(c|bcd)(d*)`, `(|a)*`, `(|a)+`, `(a*)*`, `(a*)+`, `(a+)+$`, `(?:)*`, `(?:a?)*`, `(a|b)*abb`, `((a{3}){3}){3}`, `((a))`,
	`\Qa.b\E`, `\Qa.b`, `\Q\E`, `\E`, `\Qa\Eb*`, `\Q)`, `\Qab\E+`, `a\`, `\\`, `\.`, `\/`, `\_`, `\-`, `\é`, `\ `, `\"`, `\@`, `/`, `#`, `a b`, `"`,
	`😀`, `^😀$`, `^.$|^..$`, `[😀-😂]`, `[^😀]`, `é`, `e\x{301}`, `日本`, `^\p{Han}+$`, `\x00`, `[\x00-\x1f]`, "\n", "a\nb", "\t", "\x00",
	`\pX`, `\p{L}\p{M}*`, `\p{Emoji}`, `\p{Lu}\p{Ll}+`, `[\p{Lu}-z]`, `\p{Cn}`, `\p{Assigned}`, `\p{ASCII}`, `\p{Letter}`, `\p{letter}`, `\p{greek}`, `\p{LC}`, `\p{Uppercase_Letter}`, `\p{C}`, `\p{Co}`,
}

var texts = []string{
	"", "a", "b", "ab", "aa", "aaa", "A", "abb", "babb", "abcd", "b\n", "a\nb", "\n", "a\n", " ", "a b", "a.b", "a-b", "axb", "x",
	"dev@example.com", "DEV@Example.com", "dev@example.com.evil.example", "evil-dev@example.com", "dev@exampleXcom",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main",
	"https://github.com/acme-evil/x", "https://evil.example/https://github.com/acme/x", "https://githubXcom/acme/x",
	"k", "K", "\u212a", "s", "\u017f", "straße", "STRASSE", "STRAẞE", "σ", "ς", "Σ", "İ", "ı", "I", "i", "é", "É", "e\u0301", "ǅ",
	"日本", "😀", "😀😀", "😁x", "\x00", "\x07", "\x1b[31m", "0", "12", "_", "{", "a{,2}", "a{", "]", "-", "\\", "\"", "\u00a0", "\u2028", "٣", "α", "Ж", strings.Repeat("a", 27), strings.Repeat("ab", 60),
}

type vector struct {
	Pattern string `json:"pattern"`
	Error   string `json:"error,omitempty"`
	// One digit for each text: 1 where the pattern matches.
	Anywhere string `json:"anywhere,omitempty"`
	Whole    string `json:"whole,omitempty"`
}

func main() {
	vectors := []vector{}
	for _, pattern := range written {
		vectors = append(vectors, judge(pattern))
	}
	random := rand.New(rand.NewPCG(3, 14))
	for range 700 {
		vectors = append(vectors, judge(randomPattern(random, 4)))
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(map[string]any{"go": runtime.Version(), "texts": texts, "vectors": vectors})
	if err != nil {
		panic(err)
	}
}

func judge(pattern string) vector {
	anywhere, err := regexp.Compile(pattern)
	if err != nil {
		return vector{Pattern: pattern, Error: err.Error()}
	}
	longest := anywhere.Copy()
	longest.Longest()
	var found, whole strings.Builder
	for _, text := range texts {
		found.WriteByte(digit(anywhere.MatchString(text)))
		// The leftmost match is the longest there: it is the whole text if any match is.
		place := longest.FindStringIndex(text)
		whole.WriteByte(digit(place != nil && place[0] == 0 && place[1] == len(text)))
	}
	return vector{Pattern: pattern, Anywhere: found.String(), Whole: whole.String()}
}

func digit(is bool) byte {
	if is {
		return '1'
	}
	return '0'
}

func randomPattern(random *rand.Rand, depth int) string {
	atoms := []string{"a", "b", ".", "\\.", "é", "k", "[ab]", "[^a]", "\\w", "\\d", "\\b", "^", "$", "\\pL", "(?i)", "github", "-", "@", "/", "\\s", "😀", "[a-k]", "\\x41", "(?s)", "(?m)", "\\B", "[[:alpha:]]"}
	if depth == 0 {
		return atoms[random.IntN(len(atoms))]
	}
	part := func() string { return randomPattern(random, depth-1-random.IntN(depth)) }
	switch random.IntN(9) {
	case 0, 1, 2, 3:
		return part() + part()
	case 4:
		return part() + "|" + part()
	case 5:
		return "(" + part() + ")"
	case 6:
		return "(?:" + part() + ")" + []string{"*", "+", "?", "{2}", "{1,3}", "*?", "+?", "{2,}"}[random.IntN(8)]
	case 7:
		return "(?i:" + part() + ")"
	default:
		return part() + []string{"*", "+", "?", "", ""}[random.IntN(5)]
	}
}
