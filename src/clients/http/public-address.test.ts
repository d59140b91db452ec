import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { reply, startScriptedServer } from '../../../test/support/scripted-server.ts';
import { requirePublicLiteral } from './public-address.ts';
import { openRequest } from './request.ts';

test('addresses of this machine, of private networks and of clouds’ metadata are not public', () => {
  const special = [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fc00::1',
    'fd00:ec2::254',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:1::',
    '2001:db8::1',
    'ff02::1',
    'fec0::1',
  ];
  for (const address of special) {
    assert.throws(() => requirePublicLiteral(address), hasCode('HTTP_ADDRESS_PRIVATE'), address);
  }
  for (const address of ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2001:4860:4860::8888']) {
    assert.doesNotThrow(() => requirePublicLiteral(address), address);
  }
});

test('a request for public hosts alone reaches nothing on this machine, not even over an open connection', async (t) => {
  const server = await startScriptedServer(t, (_, response) => reply(response, 200));
  const { request, close } = openRequest({ environment: {} });
  t.after(close);
  const get = async (host: string, isPublicOnly: boolean): Promise<number> => {
    const { status, body } = await request({
      method: 'GET',
      url: new URL(`http://${host}:${server.port}/`),
      isPublicOnly,
    });
    for await (const chunk of body) assert.ok(chunk);
    return status;
  };
  assert.equal(await get('localhost', false), 200);
  for (const host of ['localhost', '127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '10.0.0.1']) {
    await assert.rejects(get(host, true), hasCode('HTTP_ADDRESS_PRIVATE'), host);
  }
  assert.equal(server.seen.length, 1);
});

test('through a proxy, which resolves names itself, addresses written as numbers are refused all the same', async (t) => {
  const proxy = await startScriptedServer(t, (_, response) => reply(response, 200));
  const { request, close } = openRequest({ environment: { HTTP_PROXY: `http://${proxy.host}` } });
  t.after(close);
  const get = async (url: string): Promise<number> =>
    (await request({ method: 'GET', url: new URL(url), isPublicOnly: true })).status;
  assert.equal(await get('http://public.example/'), 200);
  await assert.rejects(get('http://169.254.169.254/'), hasCode('HTTP_ADDRESS_PRIVATE'));
});
