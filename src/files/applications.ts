import { posix } from 'node:path'
import type { Source } from '../../parsers/text/source.ts'

/** The system's own directories, those that installers fill, and what is tried out and not deployed. */
const NO_APPLICATIONS =
  /^(?:\..*|bin|boot|dev|etc|lib(?:32|64|x32)?|proc|run|sbin|sys|tmp|usr|node_modules|bower_components|vendor|site-packages|venv|env|tests?|__tests__|spec|e2e|examples?|samples?|demos?|docs?|templates?|public|static|assets|dist|build)$/
const BEGINNING =
  /^(?:wsgi|asgi|app|main|server|application|run|api|manage)\.py$|^(?:server|app|index|main)\.[cm]?[jt]s$|^www$/

/** Applications lie no deeper below a repository, or the root of a machine. */
export const DEEPEST_APPLICATION = 4

/** True for the name of a directory in which people keep what they deploy, so many directories below the top. */
export function mayHoldApplications(name: string, depth: number): boolean {
  // Programs of Express begin in the `bin/www` of their own directory.
  return !NO_APPLICATIONS.test(name) || (name === 'bin' && depth > 0)
}

/** True for the name of a file at which an application of Python or Node.js may begin. */
export function beginsApplication(name: string): boolean {
  return BEGINNING.test(name)
}

/** True for a path below a directory at which an application may begin. */
export function mayBeginApplication(path: string, directory: string): boolean {
  if (!beginsApplication(posix.basename(path))) return false
  const inside = posix
    .relative(directory, posix.dirname(path))
    .split('/')
    .filter(name => name !== '')
  return inside.length <= DEEPEST_APPLICATION && inside.every(mayHoldApplications)
}

/** The name that the application of Flask or FastAPI has in its module. */
const MAKES_APPLICATION = /^(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)*(?:Flask|FastAPI)\(/m

/** True for a `wsgi.py` or `asgi.py` that names settings of Django. */
export function beginsDjango({ path, code }: Source): boolean {
  return /(?:wsgi|asgi)\.py$/.test(path) && code.includes('DJANGO_SETTINGS_MODULE')
}

/** True for a `manage.py` that names settings of Django. */
export function managesDjango({ path, code }: Source): boolean {
  return MANAGE.test(path) && NAMES_SETTINGS.test(code)
}

/** True for a module of Python that makes an application, or names the settings of one. */
export function beginsPython(source: Source): boolean {
  return beginsDjango(source) || managesDjango(source) || applicationName(source) !== null
}

/** The settings of Django that a module of Python names; null where it names none, or nobody knows which. */
export function settingsNamed(code: string): string | null {
  return NAMED.exec(code)?.[1] ?? null
}

const NAMED = /DJANGO_SETTINGS_MODULE['"]\s*(?:,|\]\s*=)\s*['"]([\w.]+)['"]/
const MANAGE = /(?:^|\/)manage\.py$/
/** Before 1.4 it imports them itself. */
const NAMES_SETTINGS = /\bDJANGO_SETTINGS_MODULE\b|\bexecute_manager\(/

/** The name of the application of Flask or FastAPI that a module makes at its top; null for none. */
export function applicationName({ path, code }: Source): string | null {
  return MANAGE.test(path) ? null : (MAKES_APPLICATION.exec(code)?.[1] ?? null)
}
