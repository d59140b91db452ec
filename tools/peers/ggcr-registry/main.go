// Serves go-containerregistry's registry on the loopback address given, referrers API on, blobs in a folder.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: ggcr-registry HOST:PORT BLOB-FOLDER")
	}
	handler := registry.New(
		registry.WithReferrersSupport(true),
		registry.WithBlobHandler(registry.NewDiskBlobHandler(os.Args[2])),
		registry.Logger(log.New(os.Stderr, "", 0)),
	)
	log.Fatal(http.ListenAndServe(os.Args[1], handler))
}
