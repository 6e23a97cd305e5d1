/**
 * A private httpd: asked for its own view of a configuration, or started on loopback. Everything lies
 * under one prefix in the system's temporary directory, which `stop` removes.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const HTTPD = '/usr/sbin/apache2'
const MODULES = '/usr/lib/apache2/modules'

export interface ApacheSetup {
  /** The lines after the preamble; `$ROOT` stands for the prefix, here and in `files`. */
  readonly configuration: string
  /** `event` where absent. */
  readonly mpm?: string
  /** Beside the MPM and `authz_core`, without `_module`. */
  readonly modules?: readonly string[]
  /** Further files by path below the prefix. */
  readonly files?: Readonly<Record<string, string>>
}

/** A written setup; `main` is the path of its main file. */
export interface ApachePrefix {
  readonly root: string
  readonly main: string
  /** The main file's text, preamble included. */
  readonly text: string
  remove(): void
}

export interface ApacheAnswer {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningApache {
  readonly root: string
  readonly main: string
  stop(): Promise<void>
}

/** Writes the files of a setup under a prefix of its own, readable for every user. */
export function writeApache({
  configuration,
  mpm = 'event',
  modules = [],
  files = {},
}: ApacheSetup): ApachePrefix {
  const root = mkdtempSync(join(tmpdir(), 'apache-'))
  chmodSync(root, 0o755)
  for (const directory of ['run', 'www']) mkdirSync(join(root, directory))
  for (const directory of ['run']) chmodSync(join(root, directory), 0o777)
  const fill = (text: string): string => text.replaceAll('$ROOT', root)
  const loaded = [`mpm_${mpm}`, 'authz_core', ...modules].map(
    name => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`,
  )
  const text = fill(
    [
      'ServerRoot $ROOT',
      'PidFile $ROOT/run/apache.pid',
      'DefaultRuntimeDir $ROOT/run',
      'Mutex file:$ROOT/run default',
      'ErrorLog $ROOT/run/error.log',
      'DocumentRoot $ROOT/www',
      ...loaded,
      configuration,
      '',
    ].join('\n'),
  )
  const main = join(root, 'apache.conf')
  writeFileSync(main, text)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), fill(content))
  }
  return { root, main, text, remove: () => rmSync(root, { recursive: true, force: true }) }
}

/** What `apache2` with these arguments (`-S`, `-t`…) says of a configuration; nothing is started. */
export function askApache({ root, main }: ApachePrefix, args: readonly string[]): ApacheAnswer {
  const { status, stdout, stderr, error } = spawnSync(
    ...unprivileged([HTTPD, '-d', root, '-f', main, ...args]),
    { encoding: 'utf8', env: {} },
  )
  if (error !== undefined) throw error
  return { status, stdout, stderr }
}

/** Starts a setup and waits until it accepts connections on one of its ports. */
export async function startApache(
  setup: ApacheSetup,
  listening: { readonly address: string; readonly port: number },
): Promise<RunningApache> {
  const prefix = writeApache({
    ...setup,
    configuration: `StartServers 1\nServerLimit 2\nThreadsPerChild 16\nMaxRequestWorkers 32\n${setup.configuration}`,
  })
  const [command, args] = unprivileged([HTTPD, '-d', prefix.root, '-f', prefix.main, '-DFOREGROUND'])
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: {}, detached: true })
  let said = ''
  child.stderr.on('data', chunk => {
    said += chunk
  })
  const stop = async (): Promise<void> => {
    await kill(child)
    prefix.remove()
  }
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    if (child.exitCode !== null) break
    if (await accepts(listening)) return { root: prefix.root, main: prefix.main, stop }
    await new Promise(resolve => setTimeout(resolve, 15))
  }
  const log = readLog(join(prefix.root, 'run/error.log'))
  await stop()
  throw new Error(`httpd did not start: ${said}${log}`)
}

/** Any user will do but root, whose httpd would change to a User that the configuration lacks. */
function unprivileged(command: readonly string[]): [string, string[]] {
  const words =
    process.getuid?.() === 0
      ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...command]
      : [...command]
  return [words[0]!, words.slice(1)]
}

/** SIGKILL to the group: a graceful stop takes seconds. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  process.kill(-child.pid, 'SIGKILL')
  await ended
}

function accepts({ address, port }: { readonly address: string; readonly port: number }): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: address, port })
    const end = (result: boolean): void => {
      socket.destroy()
      resolve(result)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}

function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
