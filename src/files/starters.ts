import type { Source } from '../../parsers/text/source.ts'

/** What a template that writes such a file has behind its name. */
const TEMPLATE = /\.(?:j2|jinja2?|erb|epp|tmpl|template|tpl|ctmpl|mustache|hbs|in)$/

/** Units of systemd. */
export const UNIT = named(/\.(?:service|socket|timer)/)

/** A template of the programs of supervisord, whose name says nothing of what it writes. */
const BARE_SUPERVISED = new RegExp(
  `(?:^|/)(?:[^/.]*supervisor[^/.]*|supervisor(?:d|\\.d)?/[^/.]+)${TEMPLATE.source}`,
)
const OF_UWSGI = /^\[uwsgi\]/m
const OF_SUPERVISORD = /^\[(?:fcgi-)?program:/m

/** Programs of supervisord. */
export const SUPERVISED = new RegExp(
  `${named(/(?:^|\/)(?:[^/]*supervisor[^/]*|supervisor(?:d|\.d)?\/(?:[^/]+\/)*[^/]+)\.(?:conf|ini)/).source}|${BARE_SUPERVISED.source}`,
)

/** Configurations of uWSGI. */
const VASSAL = named(/(?:^|\/)(?:[^/]*uwsgi[^/]*|uwsgi(?:-emperor)?\/(?:[^/]+\/)*[^/]+)\.ini/)

/** Configurations of gunicorn, by the names that people give them. */
export const GUNICORN =
  /(?:^|\/)gunicorn(?:[-_.]?(?:conf|config|cfg|settings))?(?:[-_.](?:prod|production))?\.py$/

/** Applications of PM2. */
export const ECOSYSTEM = /(?:^|\/)(?:[\w-]+\.)?(?:ecosystem|pm2)(?:[.-][\w-]+)*\.(?:[cm]?js|json)$/

/** What a platform starts of an application. */
export const PROCFILE = /(?:^|\/)Procfile$/

/** Scripts that are called after what they start; whoever runs them is in no file. */
const START_SCRIPT =
  /(?:^|\/)(?:(?:docker[-_]?)?(?:entry-?point|start|run|serve|launch|boot)(?:[-_.](?:app|web|server|prod|production|gunicorn|uvicorn|uwsgi|django|flask))?|(?:gunicorn|uvicorn|uwsgi)[-_.]?(?:start|run)?)(?:\.(?:ba)?sh)?$/

/** Pools of PHP-FPM, and its main file. */
export const POOL = new RegExp(
  `${named(/(?:^|\/)(?:[^/]*(?:fpm|pool|www)[^/]*|(?:php[\w.-]*|fpm|pool)(?:\.d)?\/(?:[^/]+\/)*[^/]+)\.conf/).source}|(?:fpm|pool)[^/.]*${TEMPLATE.source}`,
)

/** True for a file of FPM that has a pool: a section, and what only a pool says. */
export function beginsPool({ code }: Source): boolean {
  return /^[ \t]*\[(?!global\])[^\]\n]+\]/m.test(code) && /^[ \t]*(?:listen|pm)[ \t]*=/m.test(code)
}

/** `php.ini`, what is laid over it, and what a directory of scripts has of it. */
export const PHP_INI = named(
  /(?:^|\/)(?:[^/]*php[^/]*|opcache[^/]*|\.user|php[\w.-]*\/(?:[^/]+\/)*[^/]+)\.ini/,
)

/** What the command line reads in the place of `php.ini`: PHP looks for `php-SAPI.ini` first. */
export const CLI_INI = named(/(?:^|[/._-])cli(?:\/(?:[^/]+\/)*[^/]+|[._-][^/]*)?\.ini/)

/** Where the files of PHP of a repository stand of which nobody knows what reads them. */
export const LOOSE_PHP = '/usr/share/php/loose'

function named(pattern: RegExp): RegExp {
  return new RegExp(`(?:${pattern.source})(?:${TEMPLATE.source.slice(0, -1)})?$`)
}

/** The name of the file that a template writes; any other name stays. */
export function writtenName(name: string): string {
  return name.replace(TEMPLATE, '')
}

/** Programs whose names stand in the text of what starts an application. */
const STARTED =
  /\b(?:gunicorn|uvicorn|hypercorn|daphne|waitress|granian|uwsgi|celery|runserver|flask|fastapi|django\w*|artisan|dotnet|nodejs|npm|npx|yarn|pnpm|nodemon|php-fpm)\b|\bnode\s|\.(?:py|[cm]?[jt]s)\b/i

/** True for a command, or the text of a script, that names a program which runs an application. */
export function namesServer(text: string): boolean {
  return STARTED.test(text)
}

/** What a unit says that starts something: a program, at an hour, at a connection. */
const STARTS = /^[ \t]*(?:ExecStart|On(?:Calendar|\w+Sec)|ListenStream)[ \t]*=[ \t]*\S/m

/** True for a template that is called after supervisord, as its control program is, and has no program of it. */
export function isOtherTemplate({ path, code }: Source): boolean {
  return BARE_SUPERVISED.test(path) && !OF_SUPERVISORD.test(code)
}

/** True where the text of a starter names a program that runs an application, or where it is a unit that starts something. */
export function startsApplication(source: Source): boolean {
  const { path, code } = source
  if (isBuildProfile(source)) return false
  if (isOtherTemplate(source)) return false
  return namesServer(code) || (UNIT.test(path) && STARTS.test(code))
}

/**
 * True for a script of runit or its like, which may be called as a unit is: `ADD nginx.service /etc/service/nginx/run`.
 *
 * @param peek the beginning of the file; null where it cannot be read
 */
export function isRunScript(path: string, peek: (bytes: number) => string | null): boolean {
  if (!UNIT.test(path)) return false
  const beginning = peek(LONGEST_UNIT) ?? ''
  return beginning.startsWith('#!') && !/^[ \t]*\[/m.test(beginning)
}

const LONGEST_UNIT = 4096

/**
 * True for a profile by which uWSGI is built, an INI with a section of the same name as its configuration has.
 *
 * @see https://uwsgi-docs.readthedocs.io/en/latest/BuildSystem.html
 */
export function isBuildProfile({ code }: Source): boolean {
  return (
    OF_UWSGI.test(code) &&
    /^(?:main_plugin|embedded_plugins|embed_config|bin_name|append_version|malloc_implementation|as_shared_library)[ \t]*=/m.test(
      code,
    )
  )
}

/** Tables of cron where a machine has them. */
export const CRONTAB = /^\/(?:etc\/(?:crontab$|cron\.d\/)|var\/spool\/cron\/)/

/** Who starts what a file of a repository says. */
export type StarterKind = 'unit' | 'supervised' | 'vassal' | 'ecosystem'

/** A file of a repository that says how a program is started on a machine. */
export interface Starter {
  readonly path: string
  readonly kind: StarterKind
}

const BY_NAME: readonly (readonly [StarterKind, RegExp])[] = [
  ['unit', UNIT],
  ['supervised', SUPERVISED],
  ['vassal', VASSAL],
  ['ecosystem', ECOSYSTEM],
]

/** Those that have a name of their own, after what they start: `worker.conf`. */
const BY_SECTION: readonly (readonly [StarterKind, RegExp])[] = [
  ['supervised', OF_SUPERVISORD],
  ['vassal', OF_UWSGI],
]
const MAY_HAVE_SECTION = named(/\.(?:conf|ini)/)

/** The paths of those of one kind. */
export function startersOf(starters: readonly Starter[], wanted: StarterKind): readonly string[] {
  return starters.flatMap(({ path, kind }) => (kind === wanted ? path : []))
}

/** Who starts what a file says, as far as its name tells; null where that tells nothing. */
export function starterByName(path: string): StarterKind | null {
  return BY_NAME.find(([, name]) => name.test(path))?.[0] ?? null
}

/**
 * The same, by the sections of a file where its name tells nothing.
 *
 * @param peek the beginning of the file; null where it cannot be read
 */
export function starterKind(path: string, peek: (bytes: number) => string | null): StarterKind | null {
  const named = starterByName(path)
  if (named !== null || !MAY_HAVE_SECTION.test(path)) return named
  const beginning = peek(LONGEST_UNIT)
  if (beginning === null) return null
  return BY_SECTION.find(([, section]) => section.test(beginning))?.[0] ?? null
}

/** True for a file that starts an application, and that nothing of a machine looks for, as far as its name tells. */
export function isStartScript(path: string): boolean {
  return PROCFILE.test(path) || START_SCRIPT.test(path)
}

/** True for a file of a repository that says how PHP runs, as far as its name tells. */
export function isOfPhp(path: string): boolean {
  return POOL.test(path) || PHP_INI.test(path)
}

/** Chapters of a book and lessons of a course are deployed one by one, if at all. */
const OF_CHAPTER = /\/(?:chapter|chap|ch|lesson|exercise|unit|week|day|step)[-_ ]?\d+[^/]*\//i

/** True for a file of one chapter among others; of a path inside what is audited, which may be a chapter itself. */
export function isOfChapter(path: string): boolean {
  return OF_CHAPTER.test(path)
}
