import { posix } from 'node:path'
import { stepText } from '../../../../parsers/dockerfile/command-text.ts'
import type { FpmAddress } from '../../../../parsers/php/fpm.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import { isBelow, overlap } from '../../../../parsers/text/is-below.ts'
import { cleanPath } from '../../../../parsers/text/clean-path.ts'
import type { Container } from '../../containers/container.ts'
import { type EndOfStart, endOfStart } from '../../containers/end-of-start.ts'

/** A PHP-FPM that a Dockerfile installs from the packages of its distribution, and that its container starts. */
export interface PackagedFpm {
  readonly at: Place
  readonly main: string
  /** The directory of its pools. */
  readonly pools: string
  /** The pool `[www]` of the package; null where the audit has the file in its place. */
  readonly own: PackagePool | null
}

interface PackagePool {
  readonly listen: FpmAddress
  readonly user: string
  /** Whose the socket is; null for those that `listen.acl_users` names. */
  readonly owner: string | null
}

type Family = 'debian' | 'alpine' | 'rhel'

/** Images of distributions that bring no PHP by themselves. */
const FAMILIES: Readonly<Record<string, Family>> = {
  debian: 'debian',
  ubuntu: 'debian',
  alpine: 'alpine',
  fedora: 'rhel',
  rockylinux: 'rhel',
  'rockylinux/rockylinux': 'rhel',
  almalinux: 'rhel',
  oraclelinux: 'rhel',
  centos: 'rhel',
  amazonlinux: 'rhel',
}

/** Null where another file, another program or a script may say where it listens. */
export function fpmOfPackages(container: Container): PackagedFpm | null {
  const { base, reference, service, image, mounts, files } = container
  const family = FAMILIES[base ?? '']
  if (family === undefined || image === null || !service.complete || service.volumesFrom.length > 0)
    return null
  const program = startedFpm(container)
  if (program === null) return null
  const steps = image.steps.flatMap(step => ('sources' in step ? [] : [stepText(step.command)]))
  if (!steps.some(step => /\b(?:install|add)\b[^;&|]*\bphp[\w.${}-]*fpm\b/.test(step))) return null
  if (steps.some(step => /fpm\.(?:d|conf)|pool\.d|www\.conf|\.sh\b/.test(step))) return null
  const home = homeOf(family, program, steps)
  if (home === null) return null
  const main = posix.join(home, 'php-fpm.conf')
  const pools = posix.join(home, family === 'debian' ? 'pool.d' : 'php-fpm.d')
  const www = posix.join(pools, 'www.conf')
  const isUnknown = mounts.some(({ target, path }) => {
    const place = cleanPath(target)
    return overlap(place, main) || isBelow(home, place) || (path === null && overlap(place, pools))
  })
  const copiesUnknown = image.steps.some(
    step => 'sources' in step && (!step.target.known || /^\/(?:etc)?\/?$/.test(step.target.value)),
  )
  if (isUnknown || copiesUnknown) return null
  // A directory that is mounted hides what the package has there; one that is copied is laid over it.
  const isHidden = mounts.some(({ target, from }) => from !== 'COPY' && cleanPath(target) === pools)
  const isReplaced = isHidden || files.kind(www) === 'file'
  return {
    at: image.stage.at,
    main,
    pools,
    own: isReplaced ? null : poolOfPackage(family, home, reference ?? ''),
  }
}

/** The program as it is called, of a container that starts FPM and nothing else; null for any other. */
function startedFpm(container: Container): string | null {
  const end = endOfStart(container)
  if (end === null || mayChangePool(end)) return null
  const [program = '', ...options] = end.words
  const isPlain = options.every(word =>
    /^(?:-[FRO]+|--nodaemonize|--allow-to-run-as-root|--force-stderr)$/.test(word),
  )
  return isPlain && /^(?:\/usr\/s?bin\/)?php(?:-fpm[\d.]*|5-fpm)$/.test(program)
    ? posix.basename(program)
    : null
}

/** True where a script does something besides that may be of its pools, or starts nothing in the end. */
export function mayChangePool({ words, script }: EndOfStart): boolean {
  return (
    script !== null &&
    (words.length === 0 ||
      /fpm|\/etc\b|PHP_INI_DIR|\.sh\b|\beval\b|^[ \t]*(?:\.|source)[ \t]/m.test(script.before))
  )
}

/** Where the packages keep the files of this FPM: its name has its version, else the one package that is installed. */
function homeOf(family: Family, program: string, steps: readonly string[]): string | null {
  if (family === 'rhel') return program === 'php-fpm' ? '/etc' : null
  if (program === 'php5-fpm') return family === 'debian' ? '/etc/php5/fpm' : null
  const versions = new Set(
    steps.flatMap(step => [...step.matchAll(/\bphp([\d.]+)-fpm\b/g)].map(each => each[1])),
  )
  const [installed] = versions
  const version = program.slice('php-fpm'.length) || (versions.size === 1 ? (installed ?? '') : '')
  if (family === 'debian') return /^\d\.\d$/.test(version) ? `/etc/php/${version}/fpm` : null
  return /^\d+$/.test(version) ? `/etc/php${version}` : null
}

const LOOPBACK: FpmAddress = { kind: 'ip', host: '127.0.0.1', port: 9000 }

function poolOfPackage(family: Family, home: string, reference: string): PackagePool {
  if (family === 'alpine') return { listen: LOOPBACK, user: 'nobody', owner: 'nobody' }
  if (family === 'rhel') {
    const isOld = /^centos(?::(?:centos)?[67]|$)/.test(reference)
    const listen: FpmAddress = isOld ? LOOPBACK : { kind: 'unix', path: '/run/php-fpm/www.sock' }
    return { listen, user: 'apache', owner: null }
  }
  const [, version] = /^\/etc\/php\/([\d.]+)\//.exec(home) ?? []
  const path = version === undefined ? '/var/run/php5-fpm.sock' : `/run/php/php${version}-fpm.sock`
  return { listen: { kind: 'unix', path }, user: 'www-data', owner: 'www-data' }
}
