import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import { readFilesOf } from '../../parsers/javascript/read-files.ts'
import { serviceEnvironment } from '../../parsers/systemd/service-environment.ts'
import { CERTBOT, renewals } from '../../src/deployment/acme-challenges.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { loadedScripts } from '../app-server/_loaded-scripts.ts'
import { accountOfService } from '../app-server/_named-account.ts'
import { isOpenToOthers } from '../_open-to-others.ts'

const LIVE = '/etc/letsencrypt/live/example.org'
const unit = (command: string, lines: string): Record<string, string> => ({
  'etc/systemd/system/shop.service': conf`
    [Service]
    ${lines}
    WorkingDirectory=/etc/shop
    ExecStart=${command}
  `,
})
const gunicorn = (
  lines: string,
  { key = `«${LIVE}/privkey.pem»`, more = {} }: { key?: string; more?: Record<string, string> } = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    proxiedServer().replace('http://127.0.0.1:9000', 'https://127.0.0.1:8443'),
  ),
  ...unit(
    `/usr/bin/gunicorn --bind 127.0.0.1:8443 --certfile /etc/shop/cert.pem --keyfile ${key} shop:app`,
    lines,
  ),
  'etc/shop/shop.py': conf`
    def app(environ, start_response):
        start_response('200 OK', [])
        return [b'shop']
  `,
  ...more,
})
const node = (lines: string, script: string): Record<string, string> => ({
  ...unit('/usr/bin/node server.js', lines),
  'etc/shop/server.js': script,
})
const SERVER = conf`
  const fs = require('fs')
  const live = '${LIVE}'
  require('https').createServer({
    cert: fs.readFileSync(\`\${live}/fullchain.pem\`),
    key: fs.readFileSync(«\`\${live}/privkey.pem\`»),
  }).listen(8443)
`
const FROM_ENVIRONMENT = conf`
  const fs = require('fs')
  require('https').createServer({
    cert: fs.readFileSync(process.env.TLS_CERT || '/etc/shop/cert.pem'),
    key: fs.readFileSync(process.env.TLS_KEY),
  }).listen(8443)
`
const HOOK = (command: string): Record<string, string> => ({
  'etc/letsencrypt/renewal-hooks/deploy/shop.sh': `#!/bin/sh\n${command}\n`,
})

export default defineRule({
  summary: 'An application server may not read the private key that certbot keeps for root',
  severity: 'error',
  otherSeverities: { warning: 'where the audit does not see the mode of the directory' },
  confidence: 'high',
  since: '0.1.0',
  why: 'certbot makes `/etc/letsencrypt/live` and `archive` with mode 0700, and keys with 0600, all of root. nginx and Apache read them before they change their user; a service with `User=` is that user from the beginning. It stops with `EACCES: permission denied`, `PermissionError: [Errno 13]` or, of gunicorn, `keyfile … does not exist`, and systemd starts it again and again.',
  remedy:
    'Let systemd hand it over, `LoadCredential=privkey.pem:/etc/letsencrypt/live/example.org/privkey.pem`, which the service reads below `$CREDENTIALS_DIRECTORY`; or let a deploy hook of certbot copy it for the user; or let nginx terminate TLS',
  references: [
    'https://eff-certbot.readthedocs.io/en/stable/using.html#where-are-my-certificates',
    'https://systemd.io/CREDENTIALS/',
  ],
  bad: [
    {
      title: 'the key of gunicorn',
      files: gunicorn('User=www-data'),
      modes: { 'etc/letsencrypt/live/': 0o700 },
    },
    { title: 'a script of Node.js', files: node('User=shop\nGroup=shop', SERVER) },
    {
      title: 'a path that is written out, read by a script that another one loads',
      files: {
        ...node('User=shop', "require('./tls')\nrequire('https').createServer().listen(8443)\n"),
        'etc/shop/tls.js': `exports.key = require('fs').readFileSync(«'${LIVE}/privkey.pem'», 'utf8')\n`,
      },
    },
    {
      title: 'a certificate, which lies in the same directory',
      files: node(
        'User=shop',
        `const { readFileSync } = require('fs')\nrequire('https').createServer({ cert: readFileSync(«'${LIVE}/' + 'fullchain.pem'») }).listen(8443)\n`,
      ),
    },
    {
      title: 'a path of the environment',
      files: node(
        `User=shop\nEnvironment=PORT=8443 TLS_KEY=«${LIVE}/privkey.pem» TLS_CERT=${LIVE}/fullchain.pem`,
        FROM_ENVIRONMENT,
      ),
    },
    {
      title: 'a path of a file with the environment',
      files: {
        ...node('User=shop\nEnvironmentFile=/etc/default/shop', FROM_ENVIRONMENT),
        'etc/default/shop': `PORT=8443\n«TLS_KEY=${LIVE}/privkey.pem»\n`,
      },
    },
    {
      title: 'uvicorn',
      files: unit(
        `/usr/bin/uvicorn --port 8443 --ssl-certfile ${LIVE}/fullchain.pem --ssl-keyfile «${LIVE}/privkey.pem» shop:app`,
        'User=shop',
      ),
    },
  ],
  good: [
    { title: 'root', files: gunicorn('User=root') },
    { title: 'no account of its own', files: gunicorn('') },
    { title: 'a copy', files: gunicorn('User=www-data', { key: '/etc/shop/key.pem' }) },
    { title: 'a group that may have been let in', files: gunicorn('User=www-data\nGroup=ssl-cert') },
    { title: 'a further group', files: gunicorn('User=www-data\nSupplementaryGroups=ssl-cert') },
    {
      title: 'a right to read everything',
      files: gunicorn('User=www-data\nAmbientCapabilities=CAP_DAC_READ_SEARCH'),
    },
    {
      title: 'a hook that opens it',
      files: gunicorn('User=www-data', {
        more: HOOK('chgrp -R www-data /etc/letsencrypt/live /etc/letsencrypt/archive'),
      }),
    },
    {
      title: 'a script that opens it',
      files: gunicorn('User=www-data', {
        more: { 'usr/local/bin/setup.sh': 'chmod 755 /etc/letsencrypt/live /etc/letsencrypt/archive\n' },
      }),
    },
    {
      title: 'a directory that others may enter',
      files: gunicorn('User=www-data', { more: { 'etc/letsencrypt/live/': '', 'proc/': '' } }),
      modes: { 'etc/letsencrypt/live/': 0o755 },
    },
    {
      title: 'what systemd hands over',
      files: node(
        `User=shop\nLoadCredential=privkey.pem:${LIVE}/privkey.pem`,
        SERVER.replace(`'${LIVE}'`, 'process.env.CREDENTIALS_DIRECTORY'),
      ),
    },
    {
      title: 'a path in the directory of what systemd hands over',
      files: node(
        `User=shop\nLoadCredential=privkey.pem:${LIVE}/privkey.pem\nEnvironment=TLS_KEY=%d/privkey.pem`,
        FROM_ENVIRONMENT,
      ),
    },
    {
      title: 'a directory that a variable decides',
      files: node('User=shop', SERVER.replace(`'${LIVE}'`, 'process.env.LIVE || `/etc/letsencrypt/live`')),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { machine, service } = program
      if (service === null || machine.container !== null || !program.isSeen) continue
      const account = accountOfService(service)
      if (account === null || !isAlone(program, account.value)) continue
      const read = [...filesRead(program)].filter(({ path }) => OF_CERTBOT.test(path))
      const found = read.find(({ path }) => /priv|key/.test(path)) ?? read[0]
      if (found === undefined) continue
      const isOpen = isOpenToOthers(machine.files, `${CERTBOT}/live`)
      if (isOpen === true || mayBeOpened(deployment, machine.files)) continue
      yield {
        at: found.at,
        ...(isOpen === null && { severity: 'warning' as const }),
        message: `${programName(program)} runs as \`${account.value}\`, which may not read \`${found.path}\`: permission denied`,
        label: 'for root alone',
        related: account.at === null ? [] : [{ at: account.at, message: 'not root from the beginning' }],
      }
    }
  },
})

const OF_CERTBOT = /^\/etc\/letsencrypt\/(?:live|archive)\//

/** True where a service has no group but the one of its account, and no right that files do not give. */
function isAlone({ service }: AppServerProgram, account: string): boolean {
  if (service === null) return false
  const { group, supplementaryGroups, start, unit } = service
  if (group !== null && !(group.known && group.value === account)) return false
  if (supplementaryGroups.length > 0 || start.some(({ prefix }) => /[+!]/.test(prefix))) return false
  return !unit.settings.some(
    ({ name, written }) => name === 'AmbientCapabilities' && /DAC_/i.test(written.text),
  )
}

interface ReadByProgram {
  readonly path: string
  readonly at: Place
}

/** What it is told of its key and its certificate, and what its scripts read by paths that are written out. */
function* filesRead(program: AppServerProgram): Iterable<ReadByProgram> {
  const { settings } = program.server
  for (const name of ['keyfile', 'ssl_keyfile', 'certfile', 'ssl_certfile']) {
    const path = settings.get(name)
    if (
      path?.known === true &&
      path.at !== null &&
      typeof path.value === 'string' &&
      !isUnknownWord(path.value)
    )
      yield { path: path.value, at: path.at }
  }
  if (program.server.program === 'node')
    for (const source of loadedScripts(program)) yield* readFilesOf(source)
  yield* namedInEnvironment(program)
}

/** `Environment=TLS_KEY=/etc/letsencrypt/…`: what an application is told, it reads. */
function* namedInEnvironment({ service, machine }: AppServerProgram): Iterable<ReadByProgram> {
  if (service === null) return
  const { variables } = serviceEnvironment(service, path => sourceAt(machine.files, path))
  for (const { value, at } of variables.values())
    if (value.known && at !== null && value.value.endsWith('.pem') && !isUnknownWord(value.value))
      yield { path: value.value, at: value.at ?? at }
}

const HOOKS = ['pre', 'post', 'deploy'].map(when => `${CERTBOT}/renewal-hooks/${when}`)
/** Where administrators keep their scripts. */
const SCRIPTS = ['/root', '/root/bin', '/usr/local/bin', '/usr/local/sbin', '/opt']
const CHANGES = /\b(?:chmod|chgrp|chown|setfacl|install)\b/

/** True where a command of certbot, a script or a playbook may let others in. */
function mayBeOpened(deployment: Deployment, files: FileSystem): boolean {
  if (renewals(files).some(({ hooks }) => hooks.some(({ command }) => CHANGES.test(command)))) return true
  if (textsIn(files, HOOKS).some(text => CHANGES.test(text))) return true
  const texts = [...textsIn(files, SCRIPTS), ...(deployment.setups() ?? []).map(({ text }) => text)]
  return texts.some(text => OPENS.test(text))
}

const OPENS =
  /\b(?:chmod|chgrp|chown|setfacl)\b.*letsencrypt|\b(?:path|dest|name):\s*["']?\/etc\/letsencrypt|file\s*\{\s*['"]\/etc\/letsencrypt/

function textsIn(files: FileSystem, directories: readonly string[]): readonly string[] {
  return directories.flatMap(directory =>
    (files.list(directory) ?? []).flatMap(({ name, kind }) =>
      kind === 'file' ? (sourceAt(files, `${directory}/${name}`)?.text ?? []) : [],
    ),
  )
}
