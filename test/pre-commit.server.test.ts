import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const base = mkdtempSync(join(tmpdir(), 'deploy-audit-pre-commit-'))
test.after(() => rmSync(base, { recursive: true, force: true }))

const hooks = join(base, 'hooks')
const site = join(base, 'site')
const TAG = 'v0.0.0-test'

const environment = {
  ...process.env,
  PRE_COMMIT_HOME: join(base, 'home'),
  // What `npm ci` has just brought is not asked for again, and nothing is reported on it.
  npm_config_prefer_offline: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'test',
  GIT_AUTHOR_EMAIL: 'test@localhost',
  GIT_COMMITTER_NAME: 'test',
  GIT_COMMITTER_EMAIL: 'test@localhost',
}

function command(directory: string, name: string, words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(name, [...words], {
    cwd: directory,
    env: environment,
    encoding: 'utf8',
  })
  return { status, output: `${stdout}${stderr}` }
}

function succeed(directory: string, name: string, words: readonly string[]): void {
  const { status, output } = command(directory, name, words)
  assert.is(status, 0, `${name} ${words.join(' ')}: ${output}`)
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(site, path)), { recursive: true })
  writeFileSync(join(site, path), text)
}

function commit(message: string) {
  succeed(site, 'git', ['add', '--all'])
  return command(site, 'git', ['commit', '--message', message])
}

const server = (protocols: string): string =>
  `server {\n  listen 443 ssl;\n  ssl_certificate /a.pem;\n  ssl_certificate_key /a.key;\n  ssl_protocols ${protocols};\n}\n`

test.before(() => {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  assert.is(listed.status, 0, listed.stderr)
  for (const path of listed.stdout.split('\0')) {
    // A file that is deleted and not yet committed is listed all the same.
    if (path !== '' && existsSync(path)) cpSync(path, join(hooks, path), { recursive: true })
  }
  succeed(hooks, 'git', ['init', '--quiet'])
  succeed(hooks, 'git', ['add', '--all'])
  succeed(hooks, 'git', ['commit', '--quiet', '--message', 'state'])
  succeed(hooks, 'git', ['tag', TAG])

  mkdirSync(site)
  succeed(site, 'git', ['init', '--quiet'])
  write(
    '.pre-commit-config.yaml',
    `repos:\n  - repo: ${hooks}\n    rev: ${TAG}\n    hooks:\n      - id: deploy-audit\n`,
  )
  succeed(site, 'pre-commit', ['install', '--install-hooks'])
})

test('a bad commit is refused with what is wrong, and the mended one passes', () => {
  write('nginx/site.conf', server('TLSv1'))
  const bad = commit('bad')
  assert.is.not(bad.status, 0, bad.output)
  assert.match(bad.output, /warning\[tls\/weak-protocol\]/)
  assert.match(bad.output, /--> nginx\/site\.conf:5:17/)

  write('nginx/site.conf', server('TLSv1.2 TLSv1.3'))
  const good = commit('good')
  assert.is(good.status, 0, good.output)
  assert.match(good.output, /deploy-audit\.+Passed/)
})

test('a commit without a configuration does not run it', () => {
  write('README.md', 'words\n')
  const { status, output } = commit('words')
  assert.is(status, 0, output)
  assert.match(output, /\(no files to check\)Skipped/)
})

for (const path of [
  'etc/apache2/envvars',
  'app/wsgi.py',
  'sites-enabled/example.org',
  'x/nginx.conf.j2',
  'deploy/shop.service',
  'docker-compose.prod.yml',
  'web/Dockerfile',
  '.env.production',
  'uwsgi/shop.ini',
  'php/pool.d/www.conf',
  'bin/start.sh',
  'shop/settings/base.py',
  '.auditrc',
])
  test(`a change of ${path} runs it`, () => {
    write(path, path === '.auditrc' ? '# nothing\n' : '# a comment\n')
    assert.match(commit(path).output, /deploy-audit\.+Passed/)
  })

test.run()
