import { posix } from 'node:path'
import { memo, memoByKey } from '../../parsers/collections/memo.ts'
import type { ComposeCommand, ComposeService, ComposeVariable } from '../../parsers/compose/compose.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { variablesAt } from './_container-variables.ts'

/** What begins with a dollar in a text of a compose file, and is no variable of Compose. */
export interface LostDollar {
  readonly at: Place
  readonly kind:
    | 'code of PHP'
    | 'hash'
    | 'variable of nginx'
    | 'variable of the shell'
    | 'variable of the container'
}

/** Names that PHP gives to all of a script. */
const OF_PHP = /\$_(?:SERVER|ENV|GET|POST|COOKIE|SESSION|REQUEST|FILES)(?=\[)/
/** Names that a script sets itself, or asks for a part of. */
const IN_PHP = /\$[a-z_]\w*(?=\s*(?:\[|->|\.?=(?!=)))/i
/** Schemes of hashes with a name, and the salt of those with a number. */
const HASHES =
  /\$(?:argon2(?:id|i|d)|apr1|pbkdf2|scrypt)(?=[$-])|(?<=\$2[abxy]\$\d\d)\$[A-Za-z_]\w*|(?<=(?<![\w$])\$[156](?:\$rounds=\d+)?)\$[A-Za-z_]\w*(?=\$|[./])/
/** Texts that WordPress and its like evaluate. */
const EVALUATED = /CONFIG_EXTRA|_PHP$/

/** What Compose loses of the value of a variable or a label. */
export function lostInValue({ name, value, at }: ComposeVariable): LostDollar | null {
  if (value === null) return null
  return (EVALUATED.test(name) ? lostBy(IN_PHP, at, 'code of PHP') : null) ?? lostInText(at)
}

/** What Compose loses of any text. */
export function lostInText(at: Place): LostDollar | null {
  return lostBy(OF_PHP, at, 'code of PHP') ?? lostBy(HASHES, at, 'hash')
}

/** The first match that does not stand behind another dollar, with which it would be one. */
function lostBy(pattern: RegExp, at: Place, kind: LostDollar['kind']): LostDollar | null {
  const text = placeText(at)
  if (!text.includes('$')) return null
  for (const { 0: whole, index } of text.matchAll(new RegExp(pattern, `g${pattern.flags}`))) {
    if (isEscaped(text, index)) continue
    const start = at.start + index
    return { at: { source: at.source, start, end: start + whole.length }, kind }
  }
  return null
}

/** True behind an odd number of dollars, of which the last makes one with it. */
function isEscaped(text: string, index: number): boolean {
  return (/\$*$/.exec(text.slice(Math.max(0, index - 8), index))?.[0].length ?? 0) % 2 === 1
}

type Beside = Pick<Container, 'project' | 'hostFiles'>

/** What Compose loses of a command, which it reads before any shell does. */
export function lostInCommand(
  service: ComposeService,
  { at }: ComposeCommand,
  beside: Beside,
): LostDollar | null {
  return (
    lostInText(at) ??
    lostBy(OF_NGINX, at, 'variable of nginx') ??
    lostOfShell(at, beside) ??
    lostOfContainer(service, at, beside)
  )
}

/** In a line that a command writes: what stands in lines of its own is read as a file of nginx. */
const OF_NGINX =
  /(?<=['"; {](?:proxy_set_header|try_files|proxy_pass|return|rewrite|add_header|fastcgi_param)[ \t][^;$\n]*)\$(?:uri|host|http_host|request_uri|remote_addr|proxy_add_x_forwarded_for|scheme|http_upgrade|args|document_root|fastcgi_script_name)\b/
/** Where a shell gives a value to a name. */
const GIVEN =
  /\bfor[ \t]+([a-z_]\w*)[ \t]+in\b|\bread[ \t]+(?:-\w+[ \t]+)*([a-z_]\w*)|(?:^|[;&|(]|\bdo\b|\bthen\b|-c[ \t]+["'])[ \t]*(?:export[ \t]+)?([a-z_]\w*)=(?![=~])/gim

/** A name to which the text itself gives a value before it asks for it. */
function lostOfShell(at: Place, beside: Beside): LostDollar | null {
  const text = placeText(at)
  if (!text.includes('$')) return null
  for (const given of text.matchAll(GIVEN)) {
    const name = given[1] ?? given[2] ?? given[3] ?? ''
    if (mayHave(beside, name)) continue
    const pattern = new RegExp(String.raw`\$(?:\{${name}\}|${name}\b)`)
    const before = text.slice(0, given.index + given[0].length)
    const found = lostBy(pattern, { ...at, start: at.start + before.length }, 'variable of the shell')
    // What it is put together of may be the variable of Compose itself: `PORT=$PORT`.
    if (
      found !== null &&
      lostBy(pattern, { ...at, end: at.start + before.length }, 'variable of the shell') === null
    ) {
      const value = /^[^\s;&|]*/.exec(text.slice(before.length))?.[0] ?? ''
      if (given[3] === undefined || !pattern.test(value)) return found
    }
  }
  return null
}

/**
 * The variable of a service's own `environment` that its command asks for, though Compose reads the command before there
 * is a container; null where Compose may have the variable of another place, too.
 */
function lostOfContainer(service: ComposeService, at: Place, beside: Beside): LostDollar | null {
  const text = placeText(at)
  // A file that is told on the command line may set whatever the container gets.
  if (!text.includes('$') || service.envFiles.length > 0) return null
  for (const { name, value } of service.environment) {
    if (value?.known !== true || value.value === '' || mayHave(beside, name)) continue
    const found = lostBy(new RegExp(String.raw`\$(?:\{${name}\}|${name}\b)`), at, 'variable of the container')
    if (found !== null) return found
  }
  return null
}

/** True where Compose itself may have a variable of this name. */
function mayHave({ project, hostFiles }: Beside, name: string): boolean {
  return namesOfCompose(project).has(name) || namesBeside(hostFiles, project.directory).has(name)
}

/** The variables that are taken from whoever runs Compose: where one text has a default for one, another may do without. */
const namesOfCompose = memo(
  ({ sources }: Container['project']): ReadonlySet<string> =>
    new Set(
      sources.flatMap(({ text }) =>
        [...text.matchAll(/(?<!\$)\$\{(\w+)[:?+-]|(?:^|[\s"'-])(\w+)(?::\s*|=)["']?\$\{?\2\b/gm)].map(
          ([, first = '', second]) => second ?? first,
        ),
      ),
    ),
)

/** The variables of the files in a directory that Compose reads by itself, or may be told to. */
const namesBeside = memoByKey(
  (files: FileSystem, directory: string): ReadonlySet<string> =>
    new Set(
      filesOfVariables(files, directory).flatMap(path => variablesAt(path, files).map(each => each.name)),
    ),
)

/** The paths of what Compose reads by itself beside a compose file, or may be told to by `--env-file`. */
export function filesOfVariables(files: FileSystem, directory: string): readonly string[] {
  return (files.list(directory) ?? []).flatMap(({ name, kind }) =>
    kind === 'file' && /^\.env|\.env$|^env/.test(name) ? [posix.join(directory, name)] : [],
  )
}
