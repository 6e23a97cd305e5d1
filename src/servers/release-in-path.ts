/** The first release of each distribution that has the nginx of today, 1.26 or newer. */
const FIRST_WITH_NEW_NGINX: Readonly<Record<string, number>> = {
  debian: 13,
  ubuntu: 25,
  centos: 10,
  rhel: 10,
  el: 10,
}

/** `install/debian/7/…`, `distros/ubuntu-18.04/…`: a directory of files for one release. */
const RELEASE = /(?:^|[/_.-])(debian|ubuntu|centos|rhel|el)[/_.-]?(\d{1,2})(?:\.\d+)?(?=\/)/gi

/** True where a directory says that its files are for a release of a distribution whose nginx is older than 1.25.1. */
export function isForOlderNginx(path: string): boolean {
  return [...path.matchAll(RELEASE)].some(
    ([, name = '', release]) => Number(release) < (FIRST_WITH_NEW_NGINX[name.toLowerCase()] ?? 0),
  )
}
