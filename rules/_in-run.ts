/** A path as it is below `/run`, of which `/var/run` is a link. */
export function inRun(path: string): string {
  return path.replace(/^\/var\/run\//, '/run/')
}
