import { directoriesAbove } from '../../parsers/text/directories-above.ts'
import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxMain } from '../_examples.ts'

const site = (lines: string, name = 'meters.plant.lan 10.20.0.15', listen = '80'): string =>
  nginxMain(conf`
    server {
        listen ${listen};
        server_name ${name};
        ${lines}
    }
  `)
const PROXIED = conf`
  location / {
      proxy_pass http://127.0.0.1:3000;
      proxy_set_header Host $host;
  }
`
const CERTIFICATE = conf`
  ssl_certificate /etc/ssl/example.org.pem;
  ssl_certificate_key /etc/ssl/example.org.key;
  ${PROXIED}
`
const tree = (helmet: string, nginx = site(PROXIED), release = '^7.1.0'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx,
  'etc/systemd/system/meters.service': conf`
    [Service]
    WorkingDirectory=/opt/meters
    ExecStart=/usr/bin/node server.js
  `,
  'opt/meters/package.json': `{ "dependencies": { "express": "^4.19.2", "helmet": "${release}" } }\n`,
  'opt/meters/server.js': conf`
    const express = require('express')
    const helmet = require('helmet')
    const app = express()
    ${helmet}
    app.use(express.static('dist'))
    app.listen(3000, '127.0.0.1')
  `,
})
const added = (policy: string): string => conf`
  root /srv/www;
  add_header Content-Security-Policy ${policy};
`

export default defineRule({
  summary: '`upgrade-insecure-requests` is sent by a site that has no TLS',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `upgrade-insecure-requests` browsers ask for every script, style sheet and image of a page by `https://`, those of the own site too. Where nothing listens there, the page stays blank: ERR_CONNECTION_REFUSED. On `localhost` it works, because browsers leave that one out. Helmet sends it by default.',
  remedy: 'Leave `upgrade-insecure-requests` out of the policy, or serve the site with TLS',
  references: [
    'https://helmetjs.github.io/#content-security-policy',
    'https://www.w3.org/TR/upgrade-insecure-requests/',
  ],
  unproven: 'It is the browser that asks by https, and no server of the live tests is one',
  bad: [
    { title: 'what Helmet sends by default', files: tree('app.use(«helmet»())') },
    {
      title: 'Helmet, told other things',
      files: tree('app.use(«helmet»({ frameguard: false, hsts: false }))', site(PROXIED, '192.168.1.20')),
    },
    {
      title: 'directives of the own, beside those of Helmet',
      files: tree(conf`
        app.use(«helmet»({
          contentSecurityPolicy: { directives: { imgSrc: ["'self'", 'data:'] } },
        }))
      `),
    },
    {
      title: 'a line of nginx',
      files: {
        'etc/nginx/nginx.conf': site(
          added('«"default-src \'self\'; upgrade-insecure-requests"» always'),
          'wiki.intranet',
        ),
      },
    },
  ],
  good: [
    {
      title: 'Helmet without it',
      files: tree(
        'app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }))',
      ),
    },
    { title: 'no policy', files: tree('app.use(helmet({ contentSecurityPolicy: false }))') },
    { title: 'options from elsewhere', files: tree("app.use(helmet(require('./helmet-options')))") },
    { title: 'a release without a policy', files: tree('app.use(helmet())', site(PROXIED), '^3.23.0') },
    {
      title: 'directives of the own in a release that adds none',
      files: tree(
        'app.use(helmet({ contentSecurityPolicy: { directives: { defaultSrc: ["\'self\'"] } } }))',
        site(PROXIED),
        '^4.6.0',
      ),
    },
    {
      title: 'a public name, before which something may have TLS',
      files: tree('app.use(helmet())', site(PROXIED, 'meters.example.org')),
    },
    { title: 'TLS', files: tree('app.use(helmet())', site(CERTIFICATE, '10.20.0.15', '443 ssl')) },
    {
      title: 'an interface without pages',
      files: Object.fromEntries(
        Object.entries(tree('app.use(helmet())')).map(([path, text]) => [
          path,
          text.replace(/.*express\.static.*\n/, ''),
        ]),
      ),
    },
    {
      title: 'a line of nginx for a public name',
      files: { 'etc/nginx/nginx.conf': site(added('"upgrade-insecure-requests"'), 'wiki.example.org') },
    },
  ],
  *check(deployment) {
    if (speaksTls(deployment)) return
    yield* sentByHelmet(deployment)
    yield* sentByNginx(deployment)
  },
})

/** True where any server of the deployment has TLS. */
function speaksTls({ nginx, apache }: Deployment): boolean {
  return (
    nginx.some(
      ({ occurrences }) =>
        occurrences.has('ssl_certificate') ||
        (occurrences.get('listen') ?? []).some(({ args }) => args.some(({ value }) => value === 'ssl')),
    ) || apache.some(({ occurrences }) => occurrences.has('sslengine'))
  )
}

/** An address, or a name that no authority signs: nothing in front of the server has TLS for it. */
const WITHIN =
  /^(?:(?!127\.|0\.)\d{1,3}(?:\.\d{1,3}){3}|(?:[\w-]+\.)+(?:lan|local|internal|intranet|home|corp|localdomain|home\.arpa))$/

function* sentByHelmet({ connections }: Deployment): Iterable<RuleFinding> {
  for (const connection of connections.all) {
    const name = frontLine(connection).names.find(each => WITHIN.test(each))
    if (name === undefined) continue
    for (const { to } of connection.targets) {
      if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
      const policy = policyOf(to.listener.program)
      if (policy === null) continue
      yield {
        at: policy,
        message: `Helmet sends \`upgrade-insecure-requests\`, so browsers ask \`${name}\` for scripts and styles by https, where nothing listens`,
        label: 'sends it by default',
        related: [{ at: frontLine(connection).at, message: 'without TLS' }],
        help: 'Write `helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } })`',
      }
    }
  }
}

/** The call of Helmet before a program's pages; null where its release may send something else. */
function policyOf({ server, machine }: AppServerProgram): Place | null {
  const policy = server.settings.get('upgrade-insecure-requests')
  if (policy?.known !== true || policy.at === null) return null
  const hasPages = server.sources.some(({ code }) => /\bstatic\(|\bsendFile\(|\.render\(/.test(code))
  const release = releaseOf(policy.at, machine)
  const isSent = policy.value === 'merged' ? release !== null && release >= 5 : (release ?? 4) >= 4
  return hasPages && isSent ? policy.at : null
}

function releaseOf({ source }: Place, { files, container }: AppServerProgram['machine']): number | null {
  for (const directory of directoriesAbove(source.path)) {
    const path = posix.join(directory, 'package.json')
    const own = sourceAt(container?.hostFiles ?? files, path) ?? sourceAt(files, path)
    const [, release] = /"helmet"\s*:\s*"[\^~>=]*\s*(\d+)/.exec(own?.text ?? '') ?? []
    if (release !== undefined) return Number(release)
  }
  return null
}

function* sentByNginx({ nginx }: Deployment): Iterable<RuleFinding> {
  for (const { occurrences } of nginx)
    for (const line of occurrences.get('add_header') ?? []) {
      const [name, value] = line.args
      if (name === undefined || value === undefined) continue
      if (
        !/^content-security-policy$/i.test(name.value) ||
        !/\bupgrade-insecure-requests\b/i.test(value.value)
      )
        continue
      const host = namesAround(line).find(each => WITHIN.test(each))
      if (host === undefined) continue
      yield {
        at: argumentPlace(line, 1),
        message: `\`upgrade-insecure-requests\` has browsers ask \`${host}\` for scripts and styles by https, where nothing listens`,
        label: 'without TLS',
      }
    }
}

function namesAround(line: NginxDirective): readonly string[] {
  const block = line.parent
  if (block === null) return []
  return block.name === 'server'
    ? (block.children ?? []).flatMap(each =>
        each.name === 'server_name' ? each.args.map(({ value }) => value.toLowerCase()) : [],
      )
    : namesAround(block)
}
