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
