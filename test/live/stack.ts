/**
 * Runs a whole deployment, nginx and httpd with mod_wsgi, as an example writes it. Only inside the
 * namespaces of `enter-namespace.ts`: it mounts over /etc/nginx, /etc/apache2, /opt and others.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Arranged, arrange, MODULES_DIRECTORY } from './arrange.ts'
import { startMirror, stopMirror } from './mirror.ts'
import { REPORTING_APPLICATION } from './reporting-application.ts'
import { startProject, startServices, temporarySockets } from './backends.ts'
import { isProject } from './containers.ts'
import { hasPrivateTmp, OWN_TMP } from './service.ts'
import { type LiveRequest, type LiveResponse, send } from './request.ts'

/** What a case gives: configuration by path, as rule examples do, and whatever else it needs on disk. */
export interface StackFiles {
  readonly files: Readonly<Record<string, string>>
  /** Permission bits by path. */
  readonly modes?: Readonly<Record<string, number>>
  /** Names that resolve, as /etc/hosts lines do: name to address. */
  readonly hosts?: Readonly<Record<string, string>>
  /** Ports of loopback on which a backend answers that reports what it was sent. */
  readonly mirrors?: readonly number[]
}

export interface Stack {
  /** Null where the server accepted its configuration; else what it said. */
  readonly refused: { readonly nginx: string | null; readonly apache: string | null }
  /** Everything that nginx and httpd have written to their error logs so far. */
  log(): string
  request(request: LiveRequest): Promise<LiveResponse>
  stop(): Promise<void>
}

/** Directories that a deployment may fill; each is an empty private file system during a case. */
const PRIVATE = [
  '/etc/nginx',
  '/etc/apache2',
  '/opt',
  '/srv',
  '/var/www',
  '/var/log',
  '/var/lib/nginx',
  '/run',
] as const

/** A file system of the process, for what its cases change: an overlay does not lie on every kind. */
let changes: string | null = null

function newDirectory(): string {
  if (changes === null) {
    const directory = mkdtempSync(join(tmpdir(), 'deploy-audit-live-'))
    mountAll(directory, [empty(directory)])
    process.on('exit', () => {
      spawnSync('umount', ['--lazy', directory])
      rmSync(directory, { recursive: true, force: true })
    })
    changes = directory
  }
  return mkdtempSync(join(changes, 'case-'))
}

/** Covers the machine's directories: /etc as it is, with every change private, and the others empty. */
function coverDirectories(directory: string): void {
  mountAll(directory, [overlay('/etc', directory), ...PRIVATE.map(empty)])
}

/** What a machine has at its top; the rest of what a deployment fills there is its own. */
const SYSTEM = /^\/(?:bin|boot|dev|etc|lib\w*|opt|proc|run|sbin|srv|sys|tmp|usr|var)$/

/**
 * Covers the directories at the top of the machine that a deployment fills beside those: what is written there is seen
 * by nobody else, and gone with the namespace. One that was not there stays, empty: another process may have covered it.
 */
function coverTop(directory: string, { files, scripts, directories }: Arranged): void {
  const paths = [...Object.keys(files), ...scripts, ...directories]
  const tops = new Set(paths.map(path => `/${path.split('/')[1] ?? ''}`))
  for (const top of tops) {
    if (top === '/' || top in files || SYSTEM.test(top) || covered.has(top)) continue
    if (process.cwd().startsWith(`${top}/`)) continue
    mkdirSync(top, { recursive: true })
    mountAll(directory, [empty(top)])
    covered.add(top)
  }
}

/**
 * Covers the directories of the machine itself that a deployment writes into, such as that of its package database, as
 * /etc is covered: what is there is seen, and every change is private.
 */
function coverAround(directory: string, { files, scripts }: Arranged): void {
  for (const path of [...Object.keys(files), ...scripts]) {
    if (['/etc', ...PRIVATE, ...covered].some(top => path.startsWith(`${top}/`))) continue
    let around = dirname(path)
    while (!existsSync(around)) around = dirname(around)
    if (around === '/') continue
    mountAll(directory, [overlay(around, join(directory, `around-${covered.size}`))])
    covered.add(around)
  }
}

const covered = new Set<string>()

function uncoverDirectories(directory: string): void {
  spawnSync('umount', ['--lazy', ...covered, ...[...PRIVATE].reverse(), '/etc'])
  covered.clear()
  rmSync(directory, { recursive: true, force: true })
}

const NGINX = ['nginx', '-c', '/etc/nginx/nginx.conf']

// What Debian's own files give to every configuration: without the user httpd runs as nobody that exists,
// and without mod_authz_core it answers every request with 500.
const COMMON = [
  'User www-data',
  'Group www-data',
  `LoadModule authz_core_module ${MODULES_DIRECTORY}/mod_authz_core.so`,
]
const APACHE = [
  ...['apache2', '-d', '/etc/apache2', '-f', '/etc/apache2/apache2.conf'],
  ...COMMON.flatMap(line => ['-C', line]),
]

/** Writes the deployment and all that it names into the covered directories. */
function layOut(directory: string, deployment: Arranged, { modes = {}, hosts = {} }: StackFiles): void {
  coverTop(directory, deployment)
  coverAround(directory, deployment)
  for (const [path, text] of Object.entries(deployment.files)) write(path, text)
  for (const script of deployment.scripts) {
    // A script below /etc is the example's own, there or not; what ends in a slash is none.
    if (/^\/etc\/|\/$/.test(script) || existsSync(script)) continue
    write(script, REPORTING_APPLICATION)
  }
  for (const path of ['/run/apache2', '/var/log/apache2', '/var/log/nginx', ...deployment.directories]) {
    mkdirSync(path, { recursive: true })
  }
  installCertificates(directory, deployment.certificates)
  for (const [path, mode] of Object.entries(modes)) chmodSync(join('/', path), mode)
  writeFileSync('/etc/hosts', hostsFile(hosts))
  appendFileSync(
    '/etc/passwd',
    userLines(deployment.users, (user, id) => `${user}:x:${id}:${id}::/:/bin/false`),
  )
  appendFileSync(
    '/etc/group',
    userLines(deployment.users, (user, id) => `${user}:x:${id}:`),
  )
}

function askBoth(deployment: Arranged): Stack['refused'] {
  return {
    nginx: deployment.nginx ? verdict([...NGINX, '-t']) : null,
    apache: deployment.apache ? verdict([...APACHE, '-t']) : null,
  }
}

/** Where the directories are covered that one check after the other fills. */
let checking: string | null = null

/**
 * What both servers say of a deployment, without a start. The directories stay covered from one check to the next and
 * are emptied: to mount them takes longer than to ask the servers.
 */
export function checkStack(files: StackFiles): Stack['refused'] & { readonly arranged: Arranged } {
  const arranged = arrange(files.files)
  if (!arranged.nginx && !arranged.apache) return { nginx: null, apache: null, arranged }
  if (checking === null) {
    checking = newDirectory()
    coverDirectories(checking)
  }
  const restoreEtc = restoring([...Object.keys(arranged.files), ...arranged.certificates, ...ACCOUNT_FILES])
  try {
    layOut(checking, arranged, files)
    return { ...askBoth(arranged), arranged }
  } finally {
    if (covered.size > 0) {
      uncoverDirectories(checking)
      checking = null
    } else {
      restoreEtc()
      for (const path of PRIVATE) emptyDirectory(path)
    }
  }
}

const ACCOUNT_FILES = ['/etc/passwd', '/etc/group'] as const

/** Takes back that these paths are written, as far as they lie in `/etc` and not in a directory that is emptied. */
function restoring(paths: readonly string[]): () => void {
  const made = new Set<string>()
  const former = new Map<string, Buffer>()
  for (const path of paths.filter(each => each.startsWith('/etc/'))) {
    if (PRIVATE.some(top => path.startsWith(`${top}/`))) continue
    if (existsSync(path)) {
      if (!path.endsWith('/')) former.set(path, readFileSync(path))
    } else made.add(topmostMissing(path))
  }
  return () => {
    for (const path of made) rmSync(path, { recursive: true, force: true })
    for (const [path, content] of former) writeFileSync(path, content)
  }
}

function topmostMissing(path: string): string {
  const above = dirname(path)
  return existsSync(above) ? path : topmostMissing(above)
}

function emptyDirectory(path: string): void {
  for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true })
}

/** Writes the deployment, asks both servers for their verdict, and starts those that accept it. */
export async function startStack(given: StackFiles): Promise<Stack> {
  const directory = newDirectory()
  const stock = readStock()
  const deployment = arrange(given.files)
  coverDirectories(directory)
  layOut(directory, deployment, given)
  for (const [path, text] of stock) if (!existsSync(path)) write(path, text)
  const backends = await Promise.all((given.mirrors ?? []).map(startMirror))
  const processes: ChildProcess[] = await startServices(deployment.files)
  const containers = isProject(given.files)
    ? await startProject(directory, given.files, installCertificates)
    : null
  const refused = { ...askBoth(deployment), ...(containers === null ? {} : { nginx: containers.refused }) }
  if (deployment.apache && refused.apache === null) {
    processes.push(start([...APACHE, '-DFOREGROUND']))
    await reachable(deployment.apachePort)
  }
  if (deployment.nginx && refused.nginx === null) {
    processes.push(start(nginxCommand(deployment.files)))
    await reachable(deployment.nginxPort)
  }
  return {
    refused,
    log: () => spawnSync('sh', ['-c', 'cat /var/log/*/*error* 2>/dev/null'], { encoding: 'utf8' }).stdout,
    request: request => {
      if (request.from !== undefined) ownAddress(request.from)
      return send(request)
    },
    stop: async () => {
      await Promise.all([...processes.map(kill), ...backends.map(stopMirror)])
      await Promise.all([deployment.apachePort, deployment.nginxPort].map(free))
      await containers?.stop()
      // What services made in the machine's own directories.
      for (const path of temporarySockets(deployment.files)) rmSync(path, { force: true })
      uncoverDirectories(directory)
    },
  }
}

/** What the package of nginx brings beside its main file, read before the directory is covered. */
function readStock(): readonly (readonly [string, string])[] {
  return [
    'mime.types',
    'fastcgi.conf',
    'fastcgi_params',
    'uwsgi_params',
    'proxy_params',
    'snippets/fastcgi-php.conf',
  ]
    .map(name => `/etc/nginx/${name}`)
    .filter(path => existsSync(path))
    .map(path => [path, readFileSync(path, 'utf8')])
}

/** As the unit of the machine starts it, with the account and the log that the distribution's main file names. */
function nginxCommand(files: Arranged['files']): readonly string[] {
  const main = files['/etc/nginx/nginx.conf'] ?? ''
  const globals = ['daemon off;']
  if (!/^user\s/m.test(main)) globals.push('user www-data;')
  if (!/^error_log\s/m.test(main)) globals.push('error_log /var/log/nginx/error.log;')
  const command = [...NGINX, '-g', globals.join(' ')]
  return hasPrivateTmp(files, 'nginx') ? [...OWN_TMP, ...command] : command
}

/** Gives the private loopback interface an address, so that a client may come from there. */
function ownAddress(address: string): void {
  if (!address.startsWith('127.')) spawnSync('ip', ['address', 'add', `${address}/32`, 'dev', 'lo'])
}

/** A path that ends in a slash is an empty directory. */
function write(path: string, text: string): void {
  if (path.endsWith('/')) return void mkdirSync(path, { recursive: true })
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** What stands in a line of fstab: the source, where it is mounted, the kind of file system and its options. */
type Mount = readonly [source: string, path: string, type: string, options: string]

function empty(path: string): Mount {
  return ['none', path, 'tmpfs', 'mode=755']
}

/** Covers a directory by itself: every change is kept in another one. */
function overlay(path: string, own: string): Mount {
  for (const name of ['changes', 'work']) mkdirSync(join(own, name), { recursive: true })
  return ['overlay', path, 'overlay', `lowerdir=${path},upperdir=${own}/changes,workdir=${own}/work`]
}

/** By one process: a case covers ten directories, there are thousands of cases, and a process takes longer than a mount. */
function mountAll(directory: string, mounts: readonly Mount[]): void {
  const table = join(directory, 'fstab')
  writeFileSync(table, mounts.map(mount => `${mount.map(inTable).join(' ')} 0 0\n`).join(''))
  const { status, stderr } = spawnSync('mount', ['--all', '--fstab', table], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${readFileSync(table, 'utf8')}${stderr}`)
}

/** A blank parts the fields of fstab (fstab(5)). */
function inTable(field: string): string {
  return field.replaceAll(' ', '\\040')
}

function hostsFile(hosts: Readonly<Record<string, string>>): string {
  const lines = Object.entries(hosts).map(([name, address]) => `${address} ${name}`)
  return ['127.0.0.1 localhost', '::1 localhost', ...lines, ''].join('\n')
}

function userLines(users: readonly string[], line: (user: string, id: number) => string): string {
  return users
    .map(
      (user, index) => `${line(user, 4000 + index)}
`,
    )
    .join('')
}

/** One self-signed pair, made once a process, stands wherever the configuration expects a certificate. */
let certificate: string | null = null
function installCertificates(directory: string, paths: readonly string[]): void {
  if (paths.length === 0) return
  if (certificate === null) {
    const pem = join(directory, 'pair.pem')
    const { status, stderr } = spawnSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=example.org',
        '-keyout',
        pem,
        '-out',
        `${pem}.crt`,
      ],
      { encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(stderr)
    certificate = spawnSync('cat', [pem, `${pem}.crt`], { encoding: 'utf8' }).stdout
  }
  const pair = join(directory, 'installed.pem')
  writeFileSync(pair, certificate)
  for (const path of paths) {
    mkdirSync(dirname(path), { recursive: true })
    if (!existsSync(path)) copyFileSync(pair, path)
  }
}

function verdict(command: readonly string[]): string | null {
  const [program = '', ...args] = command
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: environment() })
  return status === 0 ? null : `${stdout}${stderr}`.trim()
}

function start(command: readonly string[]): ChildProcess {
  const [program = '', ...args] = command
  return spawn(program, args, { stdio: 'ignore', detached: true, env: environment() })
}

/** What Debian's envvars would set, so that `${APACHE_LOG_DIR}` of an example means something. */
function environment(): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    APACHE_RUN_USER: 'www-data',
    APACHE_RUN_GROUP: 'www-data',
    APACHE_PID_FILE: '/run/apache2/apache2.pid',
    APACHE_RUN_DIR: '/run/apache2',
    APACHE_LOCK_DIR: '/run/apache2',
    APACHE_LOG_DIR: '/var/log/apache2',
  }
}

/** SIGKILL of the process group: a graceful stop waits for the daemon processes, up to seconds. */
function kill(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.pid === undefined) return resolve()
    child.on('exit', () => resolve())
    process.kill(-child.pid, 'SIGKILL')
  })
}

/** Waits until something listens on the port, at most six seconds: a server that failed to bind shows in its log. */
async function reachable(port: number): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await opens(port)) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** Waits until nothing listens on the port, at most two seconds: workers end after the process that is waited for. */
async function free(port: number): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (!(await opens(port))) return
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

function opens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
