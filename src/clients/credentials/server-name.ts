/** The names under which credential stores keep a registry. */

const DOCKER_HUB = 'index.docker.io';
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/** The name under which docker stores it. Docker Hub keeps the address of its long gone first API. */
export function serverNameOf(registry: string): string {
  return registry === DOCKER_HUB ? DOCKER_HUB_KEY : registry;
}

/** Whether a key of `auths` or `credHelpers` means the registry: as docker writes it, with a scheme or a path of old. */
export function isKeyOf(key: string, registry: string): boolean {
  const host = key.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '');
  const isHub = host === 'docker.io' || host === 'registry-1.docker.io';
  return (isHub ? DOCKER_HUB : host) === registry;
}

/** The key that fits a repository best: podman's `host/org/app` before `host/org` before the host. */
export function bestKeyOf(keys: readonly string[], registry: string, path: string): string | undefined {
  const parts = path.split('/');
  const hosts = registry === DOCKER_HUB ? [DOCKER_HUB, 'docker.io'] : [registry];
  for (let count = parts.length; count > 0; count -= 1) {
    const name = parts.slice(0, count).join('/');
    const key = hosts.map((host) => `${host}/${name}`).find((each) => keys.includes(each));
    if (key !== undefined) {
      return key;
    }
  }
  const exact = serverNameOf(registry);
  return keys.includes(exact) ? exact : keys.find((key) => isKeyOf(key, registry));
}
