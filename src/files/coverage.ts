import { HOMES } from './known-places.ts'
import type { Program } from './program.ts'

/** Names in a directory; null where it is not there or cannot be listed. */
export type ListNames = (directory: string) => ReadonlySet<string> | null

/** Directories that every machine has, and no copy or repository keeps. */
const ALWAYS_THERE = /^\/(?:dev|proc|run|sys|tmp|var\/run|var\/tmp|var\/lock)(?:\/|$)/

/**
 * True for a path that says nothing of a machine by being absent from a copy of it: what the running system
 * itself makes.
 */
export function isMadeAtRunTime(path: string): boolean {
  return ALWAYS_THERE.test(path)
}

/**
 * The directories whose absent files are evidence: those that are whole to judge by what a copy made by hand
 * would lack. A repository with a changed `nginx.conf` holds none; a copy of `/etc/nginx` holds `/etc/nginx`; a
 * copy of a machine holds `/`.
 */
export function wholeDirectories(list: ListNames): readonly string[] {
  const etc = list('/etc')
  const hasSystem = count(etc, SYSTEM_FILES) >= 4 && count(etc, UNPICKED_FILES) >= 1
  if (hasSystem && count(list('/'), SYSTEM_DIRECTORIES) >= 5) return ['/']
  const whole = hasSystem ? ['/etc'] : []
  for (const { path, program } of HOMES) {
    const names = list(path)
    if (names === null) continue
    const modules = list(`${path}/mods-enabled`)
    if (lacksEnabledSites(program, names, list(`${path}/sites-enabled`))) continue
    if (isWholeHome(program, names, list(`${path}/conf`)) || hasEveryModule(names, modules)) whole.push(path)
    else if (hasUntouchedModules(modules)) whole.push(`${path}/mods-enabled`)
    else if (hasEveryStockModule(list(`${path}/conf.modules.d`))) whole.push(`${path}/conf.modules.d`)
  }
  return whole
}

/** Files that every Unix has in `/etc` and nobody puts under version control by themselves. */
const SYSTEM_FILES = 'passwd group hosts fstab hostname nsswitch.conf services resolv.conf shells protocols'
/** Of these those that a copy of what somebody thinks worth showing leaves out. */
const UNPICKED_FILES = 'nsswitch.conf services shells protocols'
const SYSTEM_DIRECTORIES = 'bin boot dev home lib opt proc root sbin srv sys usr var'

/** The files of Red Hat's own package in `conf.modules.d`, of every release since 7. */
const STOCK_MODULES =
  '00-base.conf 00-dav.conf 00-lua.conf 00-mpm.conf 00-proxy.conf 00-systemd.conf 01-cgi.conf'

/** What packages put beside the main file, which nobody changes. */
const UNCHANGED: Readonly<Record<Program, string>> = {
  nginx: 'mime.types fastcgi_params scgi_params uwsgi_params koi-utf koi-win win-utf',
  apache:
    'magic envvars ports.conf mods-available mods-enabled conf-available modules conf.modules.d extra mime.types',
}

function isWholeHome(
  program: Program,
  names: ReadonlySet<string>,
  inner: ReadonlySet<string> | null,
): boolean {
  const all = new Set([...names, ...(inner ?? [])])
  if (program === 'nginx') {
    return (
      hasMain(all, /^(?:nginx|angie)\.conf$/) && all.has('mime.types') && count(all, UNCHANGED.nginx) >= 4
    )
  }
  // Debian's own main file includes what `a2enmod` makes, which no copy of the whole lacks.
  if (hasMain(all, /^apache2\.conf$/) && !all.has('mods-enabled')) return false
  return hasMain(all, /^(?:httpd|apache2)\.conf$/) && all.has('magic') && count(all, UNCHANGED.apache) >= 3
}

/** Files that only keep a directory in a repository. */
export const KEEPERS = /^(?:\.?(?:git)?(?:keep|ignore)|empty|placeholder|dummy)(?:\.\w+)?$/i

/**
 * True where sites wait to be enabled and none is: whoever keeps the links elsewhere, or has a script make them,
 * keeps no copy of the whole.
 */
function lacksEnabledSites(
  program: Program,
  names: ReadonlySet<string>,
  enabled: ReadonlySet<string> | null,
): boolean {
  if (program !== 'nginx' || !names.has('sites-available')) return false
  return [...(enabled ?? [])].every(name => KEEPERS.test(name))
}

/** Nobody keeps all that Red Hat's package has there, and leaves out what another package put beside it. */
function hasEveryStockModule(modules: ReadonlySet<string> | null): boolean {
  return count(modules, STOCK_MODULES) === STOCK_MODULES.split(' ').length
}

/** A copy of Debian's layout that has what `a2enmod` made is more than the files somebody changed. */
function hasEveryModule(names: ReadonlySet<string>, modules: ReadonlySet<string> | null): boolean {
  if (!hasMain(names, /^apache2\.conf$/) || !hasUntouchedModules(modules)) return false
  return names.has('ports.conf') && names.has('envvars')
}

/** Whoever keeps of `mods-enabled` what somebody enabled has neither: the package enables both, and httpd needs them. */
function hasUntouchedModules(modules: ReadonlySet<string> | null): boolean {
  return modules?.has('authz_core.load') === true && hasMain(modules, /^mpm_[a-z]+\.load$/)
}

function hasMain(names: ReadonlySet<string>, main: RegExp): boolean {
  for (const name of names) if (main.test(name)) return true
  return false
}

function count(names: ReadonlySet<string> | null, wanted: string): number {
  return names === null ? 0 : wanted.split(' ').filter(name => names.has(name)).length
}
