/**
 * A private nginx for one test: everything under a prefix of its own, only loopback, gone within
 * milliseconds after `stop`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface NginxServer {
  readonly prefix: string
  stop(): Promise<void>
}

export interface NginxResponse {
  readonly status: number
  /** By lower-case name; of a header that comes twice, both values joined by a comma. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** A directory for one server's files, which the user that nginx runs its workers as can read. */
export function nginxPrefix(): string {
  const prefix = mkdtempSync(join(tmpdir(), 'nginx-test-'))
  chmodSync(prefix, 0o755)
  mkdirSync(join(prefix, 'logs'))
  return prefix
}

/** Ports that nothing listened on a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

/** The lines that keep nginx inside its prefix: put in front of `events` and inside `http`. */
export function nginxMain(prefix: string, http: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `  ${name}_temp_path ${prefix}/${name};`)
    .join('\n')
  return [
    `pid ${prefix}/nginx.pid;`,
    `error_log ${prefix}/logs/error.log;`,
    'daemon off;',
    'worker_processes 1;',
    'events { worker_connections 512; }',
    `http {\n${temporary}\n  access_log off;\n  server_names_hash_bucket_size 128;\n${http}}\n`,
  ].join('\n')
}

/**
 * Writes the files (absolute paths below the prefix) and starts nginx on `nginx.conf` among them; resolves
 * once `port` of 127.0.0.1 takes connections. Throws what nginx says where it does not start.
 */
export async function startNginx(
  prefix: string,
  files: Readonly<Record<string, string>>,
  port: number,
): Promise<NginxServer> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  const log = join(prefix, 'logs/error.log')
  const child = spawn('nginx', ['-p', `${prefix}/`, '-c', 'nginx.conf', '-e', log], {
    stdio: 'ignore',
    detached: true,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  })
  // A test that dies half-way must leave no server behind.
  const killed = () => killGroup(child)
  process.once('exit', killed)
  const server = {
    prefix,
    stop: async () => {
      process.off('exit', killed)
      await stop(child, prefix)
    },
  }
  for (let attempt = 0; attempt < 150 && child.exitCode === null; attempt++) {
    if (await opens(port)) return server
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  const said = readFileSync(log, 'utf8').slice(0, 2000)
  await server.stop()
  throw new Error(`nginx does not start: ${said}`)
}

/** nginx leads a group of its own, with its workers in it. */
function killGroup(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
    process.kill(-child.pid, 'SIGKILL')
}

async function stop(child: ChildProcess, prefix: string): Promise<void> {
  if (child.exitCode === null && child.pid !== undefined) {
    const exited = new Promise(resolve => child.on('exit', resolve))
    killGroup(child)
    await exited
  }
  rmSync(prefix, { recursive: true, force: true })
}

function opens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('connect', () => resolve(socket.destroy() !== null))
    socket.on('error', () => resolve(false))
  })
}

/** Sends a request whose target goes out as it is written; `host` null is HTTP/1.0 without the header. */
export function sendRaw(
  address: { readonly host: string; readonly port: number },
  target: string,
  host: string | null,
  { method = 'GET', headers = {} }: { method?: string; headers?: Readonly<Record<string, string>> } = {},
): Promise<NginxResponse> {
  const lines = [
    `${method} ${target} HTTP/${host === null ? '1.0' : '1.1'}`,
    ...(host === null ? [] : [`Host: ${host}`]),
    'Connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(address, () => socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
    socket.setTimeout(5000, () => socket.destroy(new Error(`no answer to ${method} ${target}`)))
    socket.on('data', chunk => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('end', () => resolve(parseResponse(Buffer.concat(chunks).toString('latin1'))))
  })
}

/** An empty answer, as `return 444` gives, has the status 0. */
function parseResponse(text: string): NginxResponse {
  const split = text.indexOf('\r\n\r\n')
  const head = text.slice(0, split === -1 ? text.length : split).split('\r\n')
  const headers = new Map<string, string>()
  for (const line of head.slice(1)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  const raw = split === -1 ? '' : text.slice(split + 4)
  const chunked = headers.get('transfer-encoding') === 'chunked'
  return {
    status: Number(head[0]?.split(' ')[1] ?? 0),
    headers,
    body: chunked ? unchunk(raw) : raw,
  }
}

function unchunk(text: string): string {
  let result = ''
  for (let at = 0; ; ) {
    const end = text.indexOf('\r\n', at)
    const size = Number.parseInt(text.slice(at, end), 16)
    if (end === -1 || !(size > 0)) return result
    result += text.slice(end + 2, end + 2 + size)
    at = end + 2 + size + 2
  }
}
