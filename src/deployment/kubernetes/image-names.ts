/** Images that a repository takes as they are: Docker's own, and those of known makers. */
const OF_OTHERS =
  /^[^/]+$|^(?:docker\.io\/)?library\/|^(?:docker\.io\/)?(?:bitnami|grafana|prom|nginxinc|oauth2-proxy)\/|^(?:registry\.k8s|k8s\.gcr|gcr)\.io\/|^quay\.io\/(?:oauth2|prometheus|keycloak)/

/**
 * True for an image that no Dockerfile of a repository builds.
 *
 * @param image with its registry, as it is written: `registry.example.org/shop:1.2`
 */
export function isOfOthers(image: string): boolean {
  return OF_OTHERS.test(image)
}

/** Registries from which everybody takes the images of others. */
const PUBLIC =
  /^(?:[^/.]+\/|[^/]+$|(?:docker\.io|quay\.io|ghcr\.io|gcr\.io|k8s\.gcr\.io|registry\.k8s\.io|mcr\.microsoft\.com|public\.ecr\.aws|docker\.elastic\.co|registry\.gitlab\.com\/gitlab-org|lscr\.io|nvcr\.io|cr\.\w+\.io)\/)/

/** True for an image that may be somebody else's, by its registry. */
export function isOfPublicRegistry(image: string): boolean {
  return PUBLIC.test(image)
}

/** An image without its tag. */
export function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/]*$/, '')
}
