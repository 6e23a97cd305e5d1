import { memo } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { ApacheHost, AppServerProgram, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { headersOfApache } from './_examples.ts'
import { addedHeaders } from './_added-headers.ts'
import { isHidden, lineOfApache } from './_sent-behind.ts'

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

export default defineRule({
  summary: 'nginx adds a CORS header that the backend sends too, and browsers refuse two',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`add_header` does not replace what the backend sends: both go out. For browsers `Access-Control-Allow-Origin` has one value; they refuse an answer with two (“contains multiple values, but only one is allowed”), and the scripts of the other site get nothing.',
  remedy:
    'Let one of the two send it, or write `proxy_hide_header Access-Control-Allow-Origin;` beside the `add_header`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_hide_header',
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
  ],
  good: [
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
        message: often =>
          `\`Access-Control-Allow-Origin\` goes out twice${often}, for ${other.sender} sends it too, and browsers refuse both`,
        related: [
          { at: other.at, message: 'sent here' },
          { at: argumentPlace(connection.pass, 0), message: 'proxied here' },
        ],
      }
    }
  },
})

const NAME = 'access-control-allow-origin'

/** A variable of its own may be empty, and then nothing is sent. */
function isSent(value: string): boolean {
  return value !== '' && !value.replace(/\$http_origin\b/g, '').includes('$')
}

interface Sender {
  readonly sender: string
  readonly at: Place
}

/** Who sends the header behind a connection with every answer to another site; null where nobody is seen to. */
function sentBehind(deployment: Deployment, connection: NginxConnection): Sender | null {
  for (const host of certainHosts(deployment, connection)) {
    const at = sentByApache(deployment, host)
    if (at !== null) return { sender: 'Apache', at }
    for (const application of deployment.applicationsOf(host)) {
      const settings = deployment.pythonOf(application)?.settings ?? null
      const setting = settings === null ? null : sentByDjango(settings)
      if (setting !== null) return { sender: 'Django', at: setting }
    }
  }
  for (const target of connection.targets) {
    const program = serverBehind(target)
    const sender = program === null ? null : sentByApplication(deployment, program)
    if (sender !== null) return sender
  }
  return null
}

/** A line that holds for every page of a virtual host. */
function sentByApache(deployment: Deployment, host: ApacheHost): Place | null {
  const last = lineOfApache(deployment, host, NAME)
  const isSet = last !== undefined && SETTING.has(last.action) && last.condition === null
  return isSet ? last.nameAt : null
}

const SETTING: ReadonlySet<string> = new Set(['set', 'add', 'append', 'merge', 'setifempty'])

/** Where django-cors-headers is told whom to let in. */
function sentByDjango(settings: DjangoSettings): Place | null {
  const middleware = settings.get('MIDDLEWARE')
  const isUsed =
    middleware?.known === true &&
    Array.isArray(middleware.value) &&
    middleware.value.includes('corsheaders.middleware.CorsMiddleware')
  if (!isUsed) return null
  for (const name of ['CORS_ALLOW_ALL_ORIGINS', 'CORS_ORIGIN_ALLOW_ALL']) {
    const all = settings.get(name)
    if (all?.known && all.value === true) return all.at
  }
  for (const name of ['CORS_ALLOWED_ORIGINS', 'CORS_ORIGIN_WHITELIST']) {
    const some = settings.get(name)
    if (some?.known && Array.isArray(some.value) && some.value.length > 0) return some.at
  }
  return null
}

/** Flask-Cors, the middleware of Starlette and FastAPI, and that of Express. */
const CORS_OF_PYTHON = /^[ \t]*(?:CORS\(\s*\w+|\w+\.add_middleware\(\s*CORSMiddleware\b)/m
const CORS_OF_NODE = /\.use\(\s*cors\(/

function sentByApplication(deployment: Deployment, program: AppServerProgram): Sender | null {
  const loaded = deployment.moduleOf(program)
  const setting = loaded?.settings == null ? null : sentByDjango(loaded.settings)
  if (setting !== null) return { sender: 'Django', at: setting }
  const source = loaded?.source
  const at =
    source != null && source !== 'missing'
      ? corsOf(source).python
      : (program.server.sources.map(each => corsOf(each).node).find(found => found !== null) ?? null)
  return at === null ? null : { sender: 'the application', at }
}

const corsOf = memo((source: Source) => ({
  python: placeIn(source, CORS_OF_PYTHON),
  node: placeIn(source, CORS_OF_NODE),
}))

function placeIn(source: Source, pattern: RegExp): Place | null {
  const code = source.text.replace(/(^|\s)(?:#|\/\/)[^\n]*/g, comment => ' '.repeat(comment.length))
  const match = pattern.exec(code)
  return match === null ? null : { source, start: match.index, end: match.index + match[0].length }
}
