/** What is known of the images of Docker's own library, by their names and tags. */

const LIBRARY = 'python|node|php|ruby|golang|httpd|nginx|perl|rust|openjdk|postgres|mariadb|redis'
const DEBIAN = new RegExp(
  `^(?:debian|ubuntu|(?:${LIBRARY})(?![^:]))(?::(?!\\S*(?:alpine|windows|nanoserver|servercore|onbuild|oracle))[\\w.-]+)?(?:@\\S+)?$`,
)

/** True of images of Debian and Ubuntu, in which apt-get has no lists of packages. */
export function isDebian(image: string): boolean {
  return DEBIAN.test(image)
}

/** True of those of them that bring compilers and what people want besides. */
export function isWhole(image: string): boolean {
  return /^(?:python|node|ruby|golang|perl|rust|openjdk)(?::(?!\S*slim)|@|$)/.test(image)
}

const SUITES = 'jessie|stretch|buster'
/** Images whose Debian or CentOS is no longer where their package manager looks for it. */
const ARCHIVED: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^debian:(?:(?:8|9|10)(?:\\.\\d+)?|${SUITES})(?:-slim|-\\d{8}(?:-slim)?)?$`), 'deb.debian.org'],
  [new RegExp(`^(?:${LIBRARY}):[\\w.-]*-(?:${SUITES})(?:-slim)?$`), 'deb.debian.org'],
  [new RegExp(`^(?:${LIBRARY}):(?:slim-)?(?:${SUITES})$`), 'deb.debian.org'],
  [/^python:[\w.-]*-slim-(?:jessie|stretch|buster)$/, 'deb.debian.org'],
  [/^php:(?:5|5\.\d|5\.\d\.\d+|7\.[0-2]|7\.[0-2]\.\d+)(?:-(?:fpm|apache|cli|zts))?$/, 'deb.debian.org'],
  [/^python:(?:2|2\.7|2\.7\.\d+|3\.[45]|3\.[45]\.\d+)(?:-slim)?$/, 'deb.debian.org'],
  [/^node:(?:[4-9]|1[0-2])(?:\.\d+){0,2}(?:-slim)?$/, 'deb.debian.org'],
  [/^nginx:1\.(?:1[0-9]|[0-9])(?:\.\d+)?$/, 'deb.debian.org'],
  [/^ubuntu:(?:1[13579]\.\d\d|(?:1[0-9]|2[0-4])\.10|(?:19|21|23)\.04)$/, 'archive.ubuntu.com'],
  [/^centos:(?:[678](?:\.[\d.]+)?|centos[678](?:\.[\d.]+)?|latest)$|^centos$/, 'mirrorlist.centos.org'],
]

/** The host at which the packages of an old image are no more; null where they may be there. */
export function archivedAt(image: string): string | null {
  return ARCHIVED.find(([pattern]) => pattern.test(image))?.[1] ?? null
}

/** True of images whose own Python is Debian's or Alpine's, which pip is to leave alone (PEP 668). */
export function keepsPipOut(image: string): boolean {
  return (
    /^(?:debian:(?:1[23]|bookworm|trixie)|ubuntu:(?:2[4-9]\.\d\d|noble)|alpine:3\.(?:19|2\d))(?:[.-][\w.-]*)?$/.test(
      image,
    ) ||
    /^(?:node|php|nginx|ruby|golang|httpd):[\w.-]*(?:bookworm|trixie|alpine3\.(?:19|2\d))/.test(image) ||
    /^node:(?:2[0-9])(?:\.\d+){0,2}(?:-slim|-alpine)?$/.test(image)
  )
}

/** True of images on Debian 10, the last release that was taken off the mirrors, and of those that may stand on it. */
export function isLastArchived(image: string): boolean {
  return /buster|^debian:10/.test(image) || /^(?:php:7|python:(?:2|3\.5)|nginx:1\.1[6-9])/.test(image)
}
