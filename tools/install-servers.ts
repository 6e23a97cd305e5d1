import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'

const LOAD_PCRE1 = "import ctypes; ctypes.CDLL('libpcre.so.3')"

/** What the tests with real servers need, and the Debian package that brings it. */
const NEEDED: readonly { readonly package: string; readonly isThere: () => boolean }[] = [
  { package: 'nginx', isThere: () => existsSync('/usr/sbin/nginx') },
  { package: 'apache2', isThere: () => existsSync('/usr/sbin/apache2') },
  {
    package: 'libapache2-mod-wsgi-py3',
    isThere: () => existsSync('/usr/lib/apache2/modules/mod_wsgi.so'),
  },
  { package: 'python3-django', isThere: () => succeeds('/usr/bin/python3', ['-c', 'import django']) },
  // What patterns are compared with: `pcre2test`, and the library of older servers, which Python drives.
  { package: 'pcre2-utils', isThere: () => existsSync('/usr/bin/pcre2test') },
  { package: 'libpcre3', isThere: () => succeeds('/usr/bin/python3', ['-c', LOAD_PCRE1]) },
  { package: 'gunicorn', isThere: () => existsSync('/usr/bin/gunicorn') },
  { package: 'php-fpm', isThere: () => readdirSync('/usr/sbin').some(name => /^php-fpm\d/.test(name)) },
  { package: 'uwsgi', isThere: () => existsSync('/usr/bin/uwsgi') },
  { package: 'uwsgi-plugin-python3', isThere: () => existsSync('/usr/lib/uwsgi/plugins/python3_plugin.so') },
  { package: 'uvicorn', isThere: () => existsSync('/usr/bin/uvicorn') },
  { package: 'python3-flask', isThere: () => succeeds('/usr/bin/python3', ['-c', 'import flask']) },
  // How settings read their environment.
  {
    package: 'python3-django-environ',
    isThere: () => succeeds('/usr/bin/python3', ['-c', 'import environ']),
  },
  { package: 'python3-decouple', isThere: () => succeeds('/usr/bin/python3', ['-c', 'import decouple']) },
  {
    package: 'python3-dj-database-url',
    isThere: () => succeeds('/usr/bin/python3', ['-c', 'import dj_database_url']),
  },
  // What opens the sockets of socket units.
  { package: 'systemd', isThere: () => existsSync('/usr/bin/systemd-socket-activate') },
  { package: 'pre-commit', isThere: () => existsSync('/usr/bin/pre-commit') },
  { package: 'openssl', isThere: () => succeeds('openssl', ['version']) },
  // The namespaces of the live tests: `ip`, and `unshare` beside it.
  { package: 'iproute2', isThere: () => succeeds('ip', ['-Version']) },
  { package: 'util-linux', isThere: () => succeeds('unshare', ['--version']) },
  { package: 'git', isThere: () => succeeds('git', ['--version']) },
]

const POLICY = '/usr/sbin/policy-rc.d'

/**
 * Installs what is missing from Debian's packages without starting a service: invoke-rc.d asks
 * `policy-rc.d`, and 101 forbids. Throws where that cannot be done.
 */
export function installServers(): void {
  const missing = NEEDED.filter(({ isThere }) => !isThere()).map(needed => needed.package)
  if (missing.length === 0) return
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(
      `the full tests need ${missing.join(', ')}: install them (on Debian: apt-get install), or run this as root`,
    )
  }
  console.log(`installing ${missing.join(', ')} with apt-get; no service is started`)
  const kept = `${POLICY}.before-deploy-audit`
  if (existsSync(POLICY)) renameSync(POLICY, kept)
  try {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
    const install = ['install', '--yes', ...missing]
    // The lists of a fresh machine are empty, those of a used one may name versions that are gone; one list
    // that cannot be had does not matter where the others have the packages.
    aptGet(['update'])
    if (!aptGet(install)) throw new Error(`apt-get could not install ${missing.join(', ')}`)
  } finally {
    rmSync(POLICY, { force: true })
    if (existsSync(kept)) renameSync(kept, POLICY)
  }
  const still = NEEDED.filter(({ isThere }) => !isThere()).map(needed => needed.package)
  if (still.length > 0) throw new Error(`${still.join(', ')} still missing after the installation`)
}

function aptGet(words: readonly string[]): boolean {
  const run = spawnSync('apt-get', ['-qq', '-o=Dpkg::Use-Pty=0', ...words], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return run.status === 0
}

function succeeds(command: string, words: readonly string[]): boolean {
  return spawnSync(command, [...words], { stdio: 'ignore' }).status === 0
}
