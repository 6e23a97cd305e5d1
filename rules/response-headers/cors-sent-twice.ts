import type { Place } from '../../parsers/text/source.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type {
  ApacheHost,
  Application,
  Deployment,
  NginxConnection,
  Target,
} from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type HeaderLine, responseHeaders } from '../../src/servers/apache/queries/header-tables.ts'
import { sectionsFor } from '../../src/servers/apache/queries/sections-for.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import {
  apacheMain,
  djangoProject,
  modWsgiMain,
  nginxMain,
  proxiedServer,
  virtualHost,
  wsgiApplication,
} from '../_examples.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { headersOfApache } from './_examples.ts'
import { addedHeaders } from './_added-headers.ts'
import { type Sender, sentByApplication, sentByDjango } from './_cors-senders.ts'
import { isHidden, lineOfApache, linesOfApache } from './_sent-behind.ts'

const nginx = (lines: string): string => nginxMain(proxiedServer(lines))
const ADDED = 'add_header «Access-Control-Allow-Origin» "*" always;'
const django = (settings: string, lines: string): Record<string, string> =>
  djangoBehindNginx({
    settings,
    headers: conf`
      proxy_set_header Host $host;
      ${lines}
    `,
  })
const CORSHEADERS = conf`
  MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", "django.middleware.common.CommonMiddleware"]
  CORS_ALLOW_ALL_ORIGINS = True
`

const ofFastApi = (lines: string): Record<string, string> => ({
  'site.conf': proxiedServer(lines),
  'etc/systemd/system/api.service': conf`
    [Service]
    WorkingDirectory=/srv/api
    ExecStart=/srv/api/venv/bin/uvicorn --port 9000 main:app
  `,
  'srv/api/main.py': conf`
    from fastapi import FastAPI
    from fastapi.middleware.cors import CORSMiddleware

    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["https://example.net"])
  `,
})

const EXPRESS = conf`
  const express = require('express')
  const cors = require('cors')
  const app = express()
  app.use(cors({ origin: 'https://app.example.org' }))
  app.listen(9000, '127.0.0.1')
`
const apacheBefore = (lines: string, script = EXPRESS): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ${lines}
          ProxyPass / http://127.0.0.1:9000/
      </VirtualHost>
    `,
    ['headers', 'alias', 'proxy', 'proxy_http'],
  ),
  'etc/systemd/system/api.service': conf`
    [Service]
    WorkingDirectory=/srv/api
    ExecStart=/usr/bin/node server.js
  `,
  'srv/api/server.js': script,
})
const djangoInApache = (line: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': modWsgiMain(virtualHost([wsgiApplication(), line]), ['headers']),
  ...djangoProject(CORSHEADERS),
})

export default defineRule({
  summary: 'nginx or Apache adds a CORS header that the backend sends too, and browsers refuse two',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`add_header` does not replace what the backend sends: both go out. So does `Header always set` of Apache, which writes into another table than the one that has the headers of the backend. For browsers `Access-Control-Allow-Origin` has one value; they refuse an answer with two (“contains multiple values, but only one is allowed”), and the scripts of the other site get nothing.',
  remedy:
    'Let one of the two send it, or write `proxy_hide_header Access-Control-Allow-Origin;` beside the `add_header`, and `Header onsuccess unset Access-Control-Allow-Origin` beside the `Header always set`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_hide_header',
    'https://httpd.apache.org/docs/2.4/mod/mod_headers.html#header',
    'https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS/Errors/CORSMultipleAllowOriginNotAllowed',
  ],
  bad: [
    {
      title: 'Apache sends it',
      files: {
        'etc/nginx/nginx.conf': nginx(ADDED),
        'etc/apache2/apache2.conf': headersOfApache('Header set Access-Control-Allow-Origin "*"'),
      },
    },
    {
      title: 'so does django-cors-headers',
      files: django(CORSHEADERS, ADDED),
    },
    {
      title: 'an application of Express with the middleware of cors',
      files: {
        'etc/nginx/nginx.conf': nginx(ADDED),
        'etc/systemd/system/api.service': conf`
          [Service]
          WorkingDirectory=/srv/api
          ExecStart=/usr/bin/node server.js
        `,
        'srv/api/server.js': conf`
          const express = require('express')
          const cors = require('cors')
          const app = express()
          app.use(cors())
          app.listen(9000, '127.0.0.1')
        `,
      },
    },
    {
      title: 'a site without the main file around it, and FastAPI',
      files: ofFastApi(ADDED),
    },
    {
      title: 'Apache in front of Express, in the table of all answers',
      files: apacheBefore('Header always set «Access-Control-Allow-Origin» "https://app.example.org"'),
    },
    {
      title: 'another value in a Location of the same table',
      files: apacheBefore(conf`
        <Location />
            Header add «Access-Control-Allow-Origin» "*"
        </Location>
      `),
    },
    {
      title: 'Apache in front of a program of Node.js that sends it with every answer',
      files: apacheBefore(
        'Header always set «Access-Control-Allow-Origin» "*"',
        conf`
          require('http').createServer((req, res) => {
            res.setHeader('Access-Control-Allow-Origin', '*')
            res.end('{}')
          }).listen(9000)
        `,
      ),
    },
    {
      title: 'Apache around Django in mod_wsgi',
      files: djangoInApache('Header always set «Access-Control-Allow-Origin» "*"'),
    },
  ],
  good: [
    {
      title: 'Apache replaces what Express sends',
      files: apacheBefore('Header set Access-Control-Allow-Origin "https://app.example.org"'),
    },
    {
      title: 'Apache takes that of Express away, or sends the same value merged',
      files: apacheBefore(conf`
        Header onsuccess unset Access-Control-Allow-Origin
        Header always set Access-Control-Allow-Origin "https://app.example.org"
        Header merge Access-Control-Allow-Methods GET
      `),
    },
    {
      title: 'Apache sends one where Express sends none, and for what it serves itself',
      files: apacheBefore(conf`
        Header setifempty Access-Control-Allow-Origin "*"
        Alias /fonts/ /srv/fonts/
        ProxyPass /fonts/ !
        <Location /fonts/>
            Header always set Access-Control-Allow-Origin "*"
        </Location>
      `),
    },
    {
      title: 'Apache sends it under a condition',
      files: apacheBefore('Header always set Access-Control-Allow-Origin "*" env=public'),
    },
    {
      title: 'an application behind Apache that lets no other site in',
      files: apacheBefore(
        'Header always set Access-Control-Allow-Origin "*"',
        conf`
          const app = require('express')()
          app.use(require('cors')({ origin: false }))
          app.listen(9000, '127.0.0.1')
        `,
      ),
    },
    {
      title: 'Apache replaces that of Django in mod_wsgi',
      files: djangoInApache('Header set Access-Control-Allow-Origin "*"'),
    },
    {
      title: 'a site without the main file around it, which hides that of FastAPI',
      files: ofFastApi(conf`
        proxy_hide_header Access-Control-Allow-Origin;
        add_header Access-Control-Allow-Origin "*" always;
      `),
    },
    {
      title: 'that of the backend is hidden',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_hide_header Access-Control-Allow-Origin;
          add_header Access-Control-Allow-Origin "*" always;
        `),
        'etc/apache2/apache2.conf': headersOfApache('Header set Access-Control-Allow-Origin "*"'),
      },
    },
    {
      title: 'nginx leaves it to django-cors-headers',
      files: django(CORSHEADERS, ''),
    },
    {
      title: 'the middleware lets no site in',
      files: django(
        'MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware"]\nCORS_ALLOWED_ORIGINS = []\n',
        'add_header Access-Control-Allow-Origin "*" always;',
      ),
    },
    {
      title: 'Apache sends it for fonts alone',
      files: {
        'etc/nginx/nginx.conf': nginx('add_header Access-Control-Allow-Origin "*" always;'),
        'etc/apache2/apache2.conf': headersOfApache(conf`
          <FilesMatch \.woff2?$>
              Header set Access-Control-Allow-Origin "*"
          </FilesMatch>
        `),
      },
    },
  ],
  *check(deployment) {
    yield* ofNginx(deployment)
    yield* ofApache(deployment)
  },
})

const NAME = 'access-control-allow-origin'

function* ofNginx(deployment: Deployment): Iterable<RuleFinding> {
  if (!deployment.nginx.some(({ occurrences }) => occurrences.has('add_header'))) return
  for (const connection of deployment.connections.http) {
    const { configuration } = connection.server
    if (!configuration.occurrences.has('add_header')) continue
    const header = addedHeaders(configuration, connection.block)?.find(({ name }) => name === NAME)
    if (header === undefined || !isSent(header.value) || isHidden(connection, NAME)) continue
    const other = sentBehind(deployment, connection)
    if (other === null) continue
    yield {
      at: argumentPlace(header.directive, 0),
      per: 'locations',
      message: often => `${TWICE}${often}, for ${other.sender} sends it too, and browsers refuse both`,
      related: [
        { at: other.at, message: 'sent here' },
        { at: argumentPlace(connection.pass, 0), message: 'proxied here' },
      ],
    }
  }
}

const TWICE = '`Access-Control-Allow-Origin` goes out twice'

/** mod_proxy_http and mod_wsgi put what comes from behind them into the table `onsuccess`. */
function* ofApache(deployment: Deployment): Iterable<RuleFinding> {
  for (const connection of deployment.connections.apache) {
    const { configuration } = connection.from
    const isHttp = connection.protocol.known && /^https?$/.test(connection.protocol.value)
    if (!isHttp || !configuration.occurrences.has('header')) continue
    const other = connection.targets.map(target => sentAt(deployment, target)).find(found => found !== null)
    if (other == null) continue
    const host = connection.host === null ? null : virtualHostOf(configuration, connection.host)
    const target = { uri: connection.path ?? '/', proxy: connection.written }
    const { lines } = responseHeaders(configuration, sectionsFor(configuration, host, target))
    const line = lineThatDoubles(lines)
    if (line !== null)
      yield doubled(line, other, { at: argumentPlace(connection.pass, 0), message: 'proxied here' })
  }
  for (const application of deployment.applications) {
    const { host, configuration, directive } = application
    if (host === null || !configuration.occurrences.has('header')) continue
    const other = sentByPython(deployment, application)
    const line = other === null ? null : lineThatDoubles(linesOfApache(deployment, host))
    if (other !== null && line !== null)
      yield doubled(line, other, { at: argumentPlace(directive, 1), message: 'started here' })
  }
}

function doubled(line: HeaderLine, other: Sender, how: { at: Place; message: string }): RuleFinding {
  const { table, action } = line
  return {
    at: line.nameAt,
    message: `${TWICE}: ${other.sender} sends it too, and \`Header ${table === 'always' ? 'always ' : ''}${action}\` leaves that in place, and browsers refuse both`,
    related: [{ at: other.at, message: 'sent here' }, how],
  }
}

/** The line of `Header` that adds a second value to the one from behind; null where one goes out, or nobody knows. */
function lineThatDoubles(lines: readonly HeaderLine[]): HeaderLine | null {
  const counts = { onsuccess: 1, always: 0 }
  let last: HeaderLine | null = null
  for (const line of lines) {
    if (line.name.toLowerCase() !== NAME) continue
    const { table, action, condition } = line
    if (condition !== null || !ADDS.has(action)) {
      // A line that edits, or that takes the other one away for some, may be the cure.
      if (action !== 'unset') return null
      counts[table] = 0
      continue
    }
    if (table === 'onsuccess' && action === 'merge') return null
    const isAnother = action === 'add' || action === 'append'
    counts[table] = isAnother ? counts[table] + 1 : 1
    if (table === 'always' || isAnother) last = line
  }
  return counts.onsuccess + counts.always > 1 ? last : null
}

/** A variable of its own may be empty, and then nothing is sent. */
function isSent(value: string): boolean {
  return value !== '' && !value.replace(/\$http_origin\b/g, '').includes('$')
}

/** Who sends the header behind a connection with every answer to another site; null where nobody is seen to. */
function sentBehind(deployment: Deployment, connection: NginxConnection): Sender | null {
  for (const host of certainHosts(deployment, connection)) {
    const at = sentByApache(deployment, host)
    if (at !== null) return { sender: 'Apache', at }
    for (const application of deployment.applicationsOf(host)) {
      const sender = sentByPython(deployment, application)
      if (sender !== null) return sender
    }
  }
  return connection.targets.map(target => sentAt(deployment, target)).find(found => found !== null) ?? null
}

function sentAt(deployment: Deployment, target: Target): Sender | null {
  const program = serverBehind(target)
  return program === null ? null : sentByApplication(deployment, program)
}

function sentByPython(deployment: Deployment, application: Application): Sender | null {
  const settings = deployment.pythonOf(application)?.settings ?? null
  const setting = settings === null ? null : sentByDjango(settings)
  return setting === null ? null : { sender: 'Django', at: setting }
}

/** A line that holds for every page of a virtual host. */
function sentByApache(deployment: Deployment, host: ApacheHost): Place | null {
  const last = lineOfApache(deployment, host, NAME)
  const isSet = last !== undefined && ADDS.has(last.action) && last.condition === null
  return isSet ? last.nameAt : null
}

const ADDS: ReadonlySet<string> = new Set(['set', 'add', 'append', 'merge', 'setifempty'])
