import { memo } from '../../../parsers/collections/memo.ts'
import { cleanPath } from '../../../parsers/text/clean-path.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'

/** A directory of the server whose files a deploy replaces, by a script after which nothing loads them. */
export interface UpdatedCheckout {
  /** Absolute; with `~` in front where the script leaves the home directory to the shell. */
  readonly path: string
  /** The command that brings the new files. */
  readonly at: Place
}

/**
 * The directories that the texts which deploy update in place, where every command behind that is one which loads
 * nothing: packages are installed, tables migrated, files collected, and the script ends.
 */
export const updatedCheckouts = memo((texts: readonly Source[]): readonly UpdatedCheckout[] => {
  const found = texts.flatMap(source =>
    BRINGS.test(source.text) && !LOADS.test(source.text) ? updatesOf(source) : [],
  )
  return found.length === 0 || texts.some(loadsLater) ? [] : found
})

const BRINGS = /\bgit\b[^\n]*\b(?:pull|reset|checkout)\b|\brsync\b/

/** A word of what may load the new code, wherever it stands, in a comment too. */
const LOADS =
  /re-?start|reload|touch|systemctl|\bservice\b|supervisor|\bs?kill(?:all)?\b|\bHUP\b|docker|podman|kube|helm|pm2|ansible|monit\b|circus|init\.d|apache2?ctl|passenger|reboot|deploy-hook|post_deploy/i

/** Scripts that set a machine up, and are run once. */
const ONCE = /(?:^|\/)(?:Vagrantfile|[^/]*(?:install|setup|provision|bootstrap|user[_-]?data|init)[^/]*)$/i

/** What a machine or a service of git runs by itself, or somebody by hand: it may load what another text brings. */
function loadsLater({ path, text }: Source): boolean {
  if (ONCE.test(path) || /\.service(?:\.\w+)?$|\.tf$|\.conf$/.test(path)) return false
  if (/(?:^|\/)(?:Dockerfile[^/]*|[^/]*compose[^/]*\.ya?ml)$/.test(path)) return false
  return /re-?start(?!:)|reload|\btouch\b|\bHUP\b|PathModified|PathChanged/i.test(text)
}

function updatesOf(source: Source): readonly UpdatedCheckout[] {
  const { path } = source
  if (/\.ya?ml$/.test(path)) return ofWorkflow(source)
  if (/\.py$/.test(path)) return ofFabric(source)
  if (/\.(?:sh|bash)$|\/[^/.]+$/.test(path) && !/(?:[Mm]ake|[Jj]ust|Docker|Vagrant|Cap|Gem)file/.test(path))
    return followed(source, commandsIn(source, 0, source.text.length))
  return []
}

interface Command {
  readonly text: string
  readonly start: number
}

/** A step of a workflow: its commands, or an action that somebody else wrote. */
interface Step {
  readonly commands: readonly Command[]
  /** False where its action may do anything. */
  readonly isPlain: boolean
}

const KEY = /^([ \t]*(?:-[ \t]+)?)(script|after_script|run|uses|inline|args|command)[ \t]*:[ \t]*(.*)$/
const PLAIN_ACTION = /^(?:actions\/|appleboy\/ssh-action|webfactory\/ssh-agent|shimataro\/ssh-key-action)/

/** GitHub's and GitLab's: what brings the files, and all steps behind it. */
function ofWorkflow(source: Source): readonly UpdatedCheckout[] {
  const steps = stepsOf(source)
  const first = steps.findIndex(({ commands }) => commands.some(({ text }) => broughtTo(text, '/') !== null))
  if (first < 0) return []
  const rest = steps.slice(first)
  if (rest.some(({ isPlain }) => !isPlain)) return []
  return followed(
    source,
    rest.flatMap(({ commands }) => commands),
  )
}

function stepsOf(source: Source): readonly Step[] {
  const { text } = source
  const steps: Step[] = []
  let at = 0
  while (at < text.length) {
    const end = endOfLine(text, at)
    const match = KEY.exec(text.slice(at, end))
    if (match === null) {
      at = end + 1
      continue
    }
    const [, indent = '', key, value = ''] = match
    if (key === 'uses') {
      steps.push({ commands: [], isPlain: PLAIN_ACTION.test(value) })
      at = end + 1
      continue
    }
    if (!/^[|>]?[-+]?$/.test(value.trim())) {
      steps.push({ commands: commandsIn(source, end - value.length, end), isPlain: true })
      at = end + 1
      continue
    }
    let last = end
    for (let next = end + 1; next < text.length; next = last + 1) {
      const line = text.slice(next, endOfLine(text, next))
      const depth = line.length - line.trimStart().length
      const isInside = depth > indent.length || (depth === indent.length && /^[ \t]*- /.test(line))
      if (line.trim() !== '' && !isInside) break
      last = next + line.length
    }
    steps.push({ commands: commandsIn(source, end + 1, last), isPlain: true })
    at = last + 1
  }
  return steps
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}

const CALL =
  /^[ \t]*(?:\w+[ \t]*=[ \t]*)?(?:with[ \t]+)?(?:\w+\.)?(run|sudo|cd|prefix)\([ \t]*f?(["'])([^"'\n]*)\2[^\n]*$/
const NO_CALL =
  /^[ \t]*(?:$|#|@|"""|def |print\(|(?:env\.)?\w+[ \t]*=|import |from |with (?:settings|\w+\.prefix|Connection)\(|[)\]}])/

/** A function of Fabric, whose every line is a command on the server. */
function ofFabric(source: Source): readonly UpdatedCheckout[] {
  const { text } = source
  const commands: Command[] = []
  let isPlain = true
  let at = 0
  const found: UpdatedCheckout[] = []
  const close = (): void => {
    if (isPlain) found.push(...followed(source, [...assignments(source), ...commands]))
    commands.length = 0
    isPlain = true
  }
  for (const line of text.split('\n')) {
    if (/^(?:@|(?:async )?def )/.test(line)) close()
    const match = CALL.exec(line)
    if (match !== null) {
      const [all, name, , words = ''] = match
      const start = at + all.indexOf(words, all.indexOf('('))
      if (name === 'cd') commands.push({ text: `cd ${words}`, start })
      else if (name !== 'prefix') commands.push(...commandsIn(source, start, start + words.length))
    } else if (!NO_CALL.test(line)) isPlain = false
    at += line.length + 1
  }
  close()
  return found
}

const PYTHON_ASSIGNS = /^[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*["']([^"'\n]*)["'][ \t]*$/gm

function assignments({ text }: Source): readonly Command[] {
  return [...text.matchAll(PYTHON_ASSIGNS)].map(({ 1: name, 2: value, index }) => ({
    text: `${name}="${value}"`,
    start: index,
  }))
}

const SSH =
  /^[ \t]*(?:-[ \t]+)?["']?ssh[ \t](?:[^\n"'<]*)(?:<<-?[ \t]*["']?(\w+)["']?|(["']))|(?<=&&[ \t]*)ssh[ \t][^\n"'<]*(["'])/gm

/** The commands of a stretch, in their order; those that ssh is given among them. */
function commandsIn(source: Source, start: number, end: number): readonly Command[] {
  const blank = (text: string): string => text.replace(/[^\n]/g, ' ')
  let text = source.text.slice(start, end).replace(/\\\n/g, '  ')
  text = text.replace(/(^|[ \t])#[^\n]*/gm, blank)
  const quotes: string[] = []
  text = text.replace(SSH, (written, _word, one?: string, other?: string) => {
    const quote = one ?? other
    if (quote !== undefined) quotes.push(quote)
    return blank(written)
  })
  // The quote that ends the commands of ssh stands at the end of a line.
  for (const quote of quotes) text = text.replace(new RegExp(`${quote}(?=[ \\t"']*$)`, 'm'), ' ')
  return [...text.matchAll(/(?:"[^"\n]*"|'[^'\n]*'|[^\n;&|"']|&(?=\d)|(?<=>)&|["'])+/g)].flatMap(
    ({ 0: written, index }) => {
      const lead = /^[\s]*(?:-[ \t]+)?(?:(?:then|else|do|if|!)[ \t]+)*/.exec(written)![0].length
      const words = written.slice(lead).trimEnd()
      return words === '' ? [] : [{ text: words, start: start + index + lead }]
    },
  )
}

const WORD = String.raw`("[^"\n]+"|'[^'\n]+'|[^\s"';&|]+)`
const GIT = new RegExp(
  String.raw`^(?:GIT_WORK_TREE=${WORD}[ \t]+)?(?:GIT_DIR=\S+[ \t]+)?git[ \t]+(?:(?:-C[ \t]+|--work-tree[= \t])${WORD}[ \t]+|--git-dir[= \t]\S+[ \t]+|-c[ \t]+\S+[ \t]+)*(?:pull\b|reset[ \t]+--hard[ \t]+["']?(?:origin|upstream|FETCH_HEAD|@\{u)|checkout[ \t]+(?:-f|--force)\b)`,
)
const WORK_TREE = new RegExp(String.raw`(?:^GIT_WORK_TREE=|[ \t](?:-C[ \t]+|--work-tree[= \t]))${WORD}`)
/** Files keep their times with `-a` and `-t`; without these every script is a new one. */
const RSYNC = new RegExp(
  String.raw`^rsync[ \t]+(?=(?:[^\n]*[ \t])?-\w*[at])[^\n]*[ \t]["']?\.?/?["']?[ \t]+["']?(?:[^\s:"']+:)?${WORD}["']?$`,
)

/** The directory to which a command brings the files of the repository; null where it brings none. */
function broughtTo(text: string, directory: string | null): string | null {
  if (GIT.test(text)) return WORK_TREE.exec(text)?.[1] ?? directory
  return RSYNC.exec(text)?.[1] ?? null
}

const RUNNER = String.raw`(?:(?:uv|poetry|pipenv)[ \t]+run[ \t]+(?:--\S+[ \t]+)*|bundle[ \t]+exec[ \t]+)?(?:[^\s"']*/)?`
/** Commands that get an application ready, and load nothing. */
const PREPARES_BY = [
  String.raw`${RUNNER}(?:python[\d.]*[ \t]+-m[ \t]+)?(?:pip[\d.]*|uv[ \t]+pip)[ \t]+install\b`,
  String.raw`(?:[^\s"']*/)?(?:uv[ \t]+sync|poetry[ \t]+install|pipenv[ \t]+(?:install|sync)|bundle[ \t]+install|npm[ \t]+(?:ci|install|run[ \t]+build)|yarn(?:[ \t]+(?:install|build))?|pnpm[ \t]+(?:install|build|run[ \t]+build))\b`,
  String.raw`${RUNNER}(?:python[\d.]*[ \t]+)?(?:[^\s"']*/)?manage\.py[ \t]+(?:migrate|collectstatic|compilemessages|check|createcachetable|compress|loaddata|clearsessions|makemigrations)\b`,
  String.raw`${RUNNER}(?:alembic[ \t]+upgrade|flask[ \t]+db[ \t]+upgrade|(?:rails|rake)[ \t]+(?:db:migrate|assets:precompile))\b`,
]
const PREPARES = new RegExp(`^(?:${PREPARES_BY.join('|')})`)
const HARMLESS =
  /^(?:cd|git|echo|printf|set|export|unset|mkdir|chmod|chown|ls|pwd|date|true|false|exit|rm|deactivate|sleep|whoami|id|umask|fi|done|tee|cat|grep|tail|head|ssh-keyscan|ssh-add|read|shopt|EOF|ENDSSH|SSH|END|"""|(?:[^\s"']*\/)?python[\d.]*[ \t]+-m[ \t]+venv|virtualenv|\[\[?|eval[ \t]+["']?(?:\$\(|`)ssh-agent)(?:[ \t]|$)|^(?:source|\.)[ \t]+\S*(?:activate|\.env|nvm\.sh|\.bashrc|\.profile)["']?$|^[A-Za-z_]\w*=(?:"[^"`$(]*"|'[^']*'|[^\s`$(]*)$|^["'{}]$/

/** What a script updates, where it goes on with what prepares the application, and with nothing else. */
function followed(source: Source, commands: readonly Command[]): readonly UpdatedCheckout[] {
  const variables = new Map<string, string>()
  let directory: string | null = null
  let found: UpdatedCheckout | null = null
  let prepares = false
  for (const { text: written, start } of commands) {
    const text = written.replace(/^sudo[ \t]+(?:-(?:H|E|n)[ \t]+|-u[ \t]*\S+[ \t]+)*/, '')
    const [, name, value] =
      /^(?:export[ \t]+|readonly[ \t]+)?([A-Za-z_]\w*)=["']?([^\s"']*)["']?$/.exec(text) ?? []
    if (name !== undefined && value !== undefined) variables.set(name, fillIn(value, variables))
    const [, to] = new RegExp(`^cd[ \\t]+(?:--[ \\t]+)?${WORD}`).exec(text) ?? []
    if (to !== undefined) directory = entered(fillIn(to, variables), directory)
    const brought = broughtTo(text, directory)
    if (brought !== null) {
      const path = pathOf(fillIn(brought, variables))
      if (path === null) return []
      const length =
        /^(?:rsync|(?:\S+=\S+[ \t]+)*git(?:[ \t]+-\S+(?:[ \t]+[^\s-]\S*)?)*?[ \t]+(?:pull|reset|checkout))/.exec(
          text,
        )
      const from = start + written.length - text.length
      found = { path, at: { source, start: from, end: from + (length?.[0].length ?? text.length) } }
    } else if (found !== null && PREPARES.test(text)) prepares = true
    else if (!PREPARES.test(text) && !HARMLESS.test(text)) return []
  }
  return found === null || !prepares ? [] : [found]
}

function entered(to: string, from: string | null): string | null {
  const path = to.replace(/["']/g, '')
  return /^(?:\/|~\/|\$HOME\/|\$\{HOME\}\/)/.test(path) ? path : from === null ? null : `${from}/${path}`
}

/** A clean path; null where a part of it is not written out. */
function pathOf(written: string): string | null {
  const path = written.replace(/["']/g, '').replace(/^\$(?:HOME|\{HOME\})\//, '~/')
  if (!/^~?\/[\w./@+-]+$/.test(path)) return null
  return path.startsWith('~') ? `~${cleanPath(path.slice(1))}` : cleanPath(path)
}

function fillIn(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$?\{(\w+)\}|\$(\w+)/g,
    (written, one?: string, other?: string) => variables.get(one ?? other ?? '') ?? written,
  )
}
