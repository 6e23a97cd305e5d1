import { posix } from 'node:path'
import type { Place, Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { FollowedCommand } from '../../src/deployment/setups/followed-commands.ts'
import { isYaml, setupCommands } from '../../src/deployment/setups/setup-commands.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** A command that installs a program into a virtual environment. */
export interface EnvironmentInstall {
  /** The directory of the environment, as written. */
  readonly environment: string
  readonly at: Place
}

/**
 * Where the texts of a deployment install a program into a virtual environment; null where they may install it anywhere
 * else too, give its directory to everybody's `PATH`, or say nothing of it.
 *
 * @param files where the lists of packages lie that these texts name
 */
export function onlyEnvironment(
  program: string,
  texts: readonly Source[],
  files: FileSystem,
): EnvironmentInstall | null {
  let found: EnvironmentInstall | null = null
  for (const source of texts) {
    if (!source.text.includes('pip')) {
      if (mentionsElsewhere(source.text, program)) return null
      continue
    }
    if (mentionsElsewhere(source.text, program)) return null
    const installs = isYaml(source) ? [...ofPlaybook(source), ...ofCommands(source)] : ofCommands(source)
    for (const { environment, at, words } of installs) {
      if (!isInstalled(program, words, source, files)) continue
      if (environment === null) return null
      if (!isForDevelopment(source)) found ??= { environment, at }
    }
  }
  return found
}

/** What tells developers how they try the project, or a service how to test it, says nothing of the server. */
function isForDevelopment({ path }: Source): boolean {
  return /\.(?:md|rst|txt)$|(?:^|\/)\.|(?:[Mm]ake|[Jj]ust)file$|\/tasks\.py$|(?:^|[/_.-])(?:dev\w*|tests?|local|ci|lint)(?=[/_.-]|$)/.test(
    path,
  )
}

/** Links and copies of the program, packages of the system, and lines that lengthen somebody's `PATH`. */
function mentionsElsewhere(text: string, program: string): boolean {
  return (
    /\b(?:export\s+PATH|PATH=|ExecSearchPath|secure_path|pipx|conda|mamba|uv\s+tool|nix-env|brew)\b/.test(
      text,
    ) ||
    new RegExp(`\\b(?:ln|cp|install)\\s[^\\n]*/${program}\\b`).test(text) ||
    new RegExp(
      `\\b(?:apt(?:-get)?|aptitude|dnf|yum|apk|pkg|zypper)\\b[^;&|]*\\b(?:install|add)\\b[^;&|]*(?:\\s|-)${program}3?\\b`,
    ).test(text) ||
    new RegExp(`^\\s*(?:-\\s+)?(?:name:\\s*)?["']?(?:python3?-)?${program}3?["']?\\s*$`, 'm').test(text)
  )
}

interface Install {
  /** Null for that of the system. */
  readonly environment: string | null
  readonly at: Place
  readonly words: readonly string[]
}

function ofCommands(source: Source): readonly Install[] {
  let active: string | null = null
  const found: Install[] = []
  for (const command of setupCommands(source)) {
    const [program, ...args] = command.words
    if (program === undefined) continue
    const activated = /^(?:\.|source)$/.test(program.text) ? args[0]?.text : undefined
    if (activated?.endsWith('/bin/activate') === true) active = activated.slice(0, -'/bin/activate'.length)
    if (program.text === 'deactivate') active = null
    const words = packagesOf(command)
    if (words === null) continue
    const own = /^(.+)\/bin\/(?:pip|python)[\d.]*$/.exec(program.text)?.[1]
    const environment =
      own === undefined
        ? command.account === null
          ? active
          : null
        : /^\/usr(?:\/local)?$/.test(own)
          ? null
          : own
    found.push({ environment, at: placeOf(program), words })
  }
  return found
}

/** What `pip install` is given; null for any other command. */
function packagesOf({ words }: FollowedCommand): readonly string[] | null {
  const [program = '', ...args] = words.map(({ text }) => text)
  const name = posix.basename(program)
  const rest = /^pip[\d.]*$/.test(name)
    ? args
    : /^python[\d.]*$/.test(name) && args[0] === '-m' && /^pip[\d.]*$/.test(args[1] ?? '')
      ? args.slice(2)
      : null
  return rest === null || rest[0] !== 'install' ? null : rest.slice(1)
}

const PIP_TASK = /^([ \t]*(?:-[ \t]+)?)(?:ansible\.builtin\.)?pip:[^\n]*(?:\n(?:[ \t]*\n|\1[ \t]+[^\n]*))*/gm

/** Tasks of Ansible that install packages. */
function ofPlaybook(source: Source): readonly Install[] {
  return [...source.text.matchAll(PIP_TASK)].map(({ 0: task, 1: lead = '', index }) => {
    const environment = /\bvirtualenv\s*[:=]\s*["']?([^\s"']+)/.exec(task)?.[1]
    const executable = /\bexecutable\s*[:=]\s*["']?(\/[^\s"']+)\/bin\/pip/.exec(task)?.[1]
    const start = index + lead.length
    return {
      environment: environment ?? executable ?? null,
      at: { source, start, end: start + 'pip'.length },
      words: [...task.matchAll(/\b(?:name|requirements)\s*[:=]\s*["']?([^\s"']+)/g)].flatMap(
        ([whole, value = '']) => (whole.startsWith('requirements') ? ['-r', value] : [value]),
      ),
    }
  })
}

/** True where the words name the program's package, or a list that has it. */
function isInstalled(program: string, words: readonly string[], source: Source, files: FileSystem): boolean {
  const names = (text: string): boolean =>
    new RegExp(`(?:^|[\\s"'])(?:py)?${program}(?![\\w-])`, 'im').test(text)
  return words.some((word, index) => {
    if (!/^(?:-r|--requirement)/.test(word)) return names(word)
    const list = posix.basename(
      word.includes('=') ? word.slice(word.indexOf('=') + 1) : (words[index + 1] ?? ''),
    )
    return listsNamed(list, source, files).some(each => names(each.text))
  })
}

/** Lists of this name beside the text, in the directories above it, and in those that projects keep them in. */
function listsNamed(name: string, { path }: Source, files: FileSystem): readonly Source[] {
  const homes: string[] = []
  for (let home = posix.dirname(path); homes.length < 4; home = posix.dirname(home)) {
    homes.push(home, posix.join(home, 'requirements'))
    if (home === '/') break
  }
  return homes.flatMap(home => sourceAt(files, posix.join(home, name)) ?? [])
}
