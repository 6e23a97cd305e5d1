/** Units of systemd. */
export const UNIT = /\.(?:service|socket)$/

/** Programs of supervisord. */
export const SUPERVISED =
  /(?:^|\/)(?:[^/]*supervisor[^/]*|supervisor(?:d|\.d)?\/(?:[^/]+\/)*[^/]+)\.(?:conf|ini)$/

/** Configurations of uWSGI. */
export const VASSAL = /(?:^|\/)(?:[^/]*uwsgi[^/]*|uwsgi(?:-emperor)?\/(?:[^/]+\/)*[^/]+)\.ini$/

/** True for a file of a repository that says how a program is started on a machine, as far as its name tells. */
export function isStarter(path: string): boolean {
  return UNIT.test(path) || SUPERVISED.test(path) || VASSAL.test(path)
}
