/** What signing flows are handed besides their request. */

import type { ImageContext } from './image-context.ts';

export interface SignContext extends ImageContext {
  /** Write `.sig` images with Docker's media types (COSIGN_DOCKER_MEDIA_TYPES). */
  readonly isDockerMediaTypes?: boolean;
}
