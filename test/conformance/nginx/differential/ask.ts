import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isUtf8 } from 'node:buffer'
import { positionAt, textSource } from '../../../../parsers/text/source.ts'
import { memoryFileSystem } from '../../../../src/files/memory-file-system.ts'
import type { NginxDirective } from '../../../../src/servers/nginx/configuration.ts'
import { evaluateNginx } from '../../../../src/servers/nginx/evaluate.ts'
import { companions } from './bases.ts'

/** What one side says of a configuration. */
export interface Verdict {
  readonly accepts: boolean
  /** The first fatal message; empty where there is none. */
  readonly message: string
  /** File beside the main one and line that it names; null where it names none. */
  readonly place: { readonly file: string; readonly line: number } | null
  /** Other lines that name the same place: where the directive begins that ends on `place`. */
  readonly lines: readonly number[]
}

/** A private directory with all that the bases include, for one nginx at a time. */
export interface Bench {
  readonly root: string
  ask(text: string): Promise<Verdict>
  remove(): void
}

/** Null where no `openssl` makes a certificate. */
export function prepareBench(): Bench | null {
  const root = mkdtempSync(join(tmpdir(), 'nginx-differential-'))
  chmodSync(root, 0o755)
  for (const [path, content] of Object.entries(companions())) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  const request = '-x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=test'
  const made = spawnSync('openssl', ['req', ...request.split(' ')], { cwd: root })
  const remove = (): void => rmSync(root, { recursive: true, force: true })
  if (made.status !== 0) {
    remove()
    return null
  }
  return { root, ask: text => askNginx(root, text), remove }
}

function askNginx(root: string, text: string): Promise<Verdict> {
  writeFileSync(join(root, 'nginx.conf'), text)
  const options = ['-p', `${root}/`, '-c', join(root, 'nginx.conf'), '-e', join(root, 'error.log'), '-t']
  return new Promise(resolve => {
    const child = spawn('nginx', options, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], timeout: 20_000 })
    let stderr = ''
    child.stderr.setEncoding('latin1')
    child.stderr.on('data', (chunk: string) => {
      stderr += chunk
    })
    child.on('close', code => resolve(readVerdict(root, code === 0, stderr)))
  })
}

function readVerdict(root: string, accepts: boolean, stderr: string): Verdict {
  // A message holds the bytes of a bad word, line ends among them: it goes on to the next message.
  const [, message = ''] = /nginx: \[(?:emerg|crit|alert)\] ([\s\S]*?)(?=\nnginx: |$)/.exec(stderr) ?? []
  const escaped = root.replace(/[.+]/g, '\\$&')
  const place = new RegExp(` in ${escaped}/(\\S+?):(\\d+)\\s*$`).exec(message)
  return {
    accepts,
    message: message.replaceAll(root, ''),
    place: place === null ? null : { file: place[1] ?? '', line: Number(place[2]) },
    lines: [],
  }
}

const DIRECTORY = '/srv/nginx'

/** What this model says of the same. `root` is where nginx has it, which its messages and paths may name. */
export function askModel(text: string, version: string): Verdict {
  const files: Record<string, string> = { [`${DIRECTORY}/nginx.conf`]: decoded(text) }
  for (const [path, content] of Object.entries(companions())) files[`${DIRECTORY}/${path}`] = content
  files[`${DIRECTORY}/cert.pem`] = ''
  files[`${DIRECTORY}/key.pem`] = ''
  const fileSystem = memoryFileSystem({ ...files, ...INSTALLED })
  const main = fileSystem.read(`${DIRECTORY}/nginx.conf`)
  const configuration = evaluateNginx({
    files: fileSystem,
    main: main.kind === 'source' ? main.source : textSource(`${DIRECTORY}/nginx.conf`, text),
    fragments: [],
    version: { value: version, from: 'option', at: null },
  })
  const fatal = configuration.problems.find(problem => problem.fatal)
  if (fatal === undefined) return { accepts: true, message: '', place: null, lines: [] }
  const { source, start } = fatal.at
  const { line } = positionAt(source, start)
  const closing = 'closing' in fatal && fatal.closing !== undefined
  return {
    accepts: false,
    message: `${fatal.code}: ${fatal.message}`,
    place: closing ? null : { file: source.path.slice(DIRECTORY.length + 1), line },
    lines: endings(configuration.top, source.path, line),
  }
}

/** The lines on which the directives end whose arguments begin on the given line. */
function endings(directives: readonly NginxDirective[], path: string, line: number): number[] {
  return directives.flatMap(({ source, node, children }) => {
    const inner = endings(children, path, line)
    const begins = source.path === path && positionAt(source, node.start).line === line
    return begins ? [positionAt(source, node.terminator).line, ...inner] : inner
  })
}

/** What the installed `/etc/nginx` includes. */
const INSTALLED: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(companions())
    .filter(([path]) => path === 'mime.types' || path.endsWith('_params'))
    .map(([path, content]) => [`/etc/nginx/${path}`, content]),
)

/** Lone surrogates aside, what a file of these characters reads as. */
function decoded(text: string): string {
  const bytes = Buffer.from(text, 'utf8')
  return isUtf8(bytes) ? bytes.toString('utf8') : text
}
