import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const project = (origins: string, lines = ''): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/uvicorn --port 8000 api:app'), {
    'etc/shop/api.py': conf`
      from starlette.applications import Starlette
      from starlette.middleware.cors import CORSMiddleware

      ${lines}
      app = Starlette()
      app.add_middleware(
          CORSMiddleware,
          ${origins}
          allow_methods=["*"],
      )
    `,
  })
const flask = (call: string): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn api:app'), {
    'etc/shop/api.py': conf`
      from flask import Flask
      from flask_cors import CORS

      app = Flask(__name__)
      ${call}
    `,
  })

const express = (options: string): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/node server.js'), {
    'etc/shop/server.js': conf`
        const express = require('express')
        const cors = require('cors')
        const app = express()
        app.use(cors({ ${options} }))
        app.listen(8000, '127.0.0.1')
      `,
  })

export default defineRule({
  summary: 'An origin of the application’s CORS is none that a browser sends',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A browser sends `Origin` as scheme, name and port, and nothing behind them. Starlette, FastAPI, Flask-CORS and the package `cors` of Node.js compare the text: `https://app.example.org/`, a name without its scheme, and for all of them but Flask-CORS a `*` inside of it, is equal to no origin, so the answer has no `Access-Control-Allow-Origin` of the page, and the browser keeps it from the page. `*` beside `credentials: true` no browser takes for a request with cookies.',
  remedy: 'Write the origin as `https://app.example.org`, without a slash at its end',
  references: [
    'https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin',
    'https://www.starlette.io/middleware/#corsmiddleware',
  ],
  unproven: 'The machines of the live tests have no Starlette with this middleware',
  bad: [
    { title: 'a slash at its end', files: project('allow_origins=[«"https://app.example.org/"»],') },
    {
      title: 'no scheme',
      files: project('allow_origins=["https://app.example.org", «"app.example.net"»],'),
    },
    {
      title: 'a pattern, which is compared as a text',
      files: project('allow_origins=[«"https://*.example.org"»],'),
    },
    {
      title: 'a list of its own',
      files: project('allow_origins=ORIGINS,', 'ORIGINS = ["https://www.example.org", «"app.example.org"»]'),
    },
    { title: 'for Express', files: express("origin: «'https://app.example.org/'»") },
    {
      title: 'for Express, in a list',
      files: express("origin: ['https://www.example.org', «'app.example.org'»], credentials: true"),
    },
    {
      title: 'several in one text',
      files: express("origin: «'https://www.example.org,https://app.example.org'»"),
    },
    {
      title: 'for Express, by a variable',
      files: {
        ...express('origin: process.env.CLIENT, credentials: true'),
        'etc/systemd/system/shop.service': serviceUnit(
          '/usr/bin/node server.js',
          'Environment=CLIENT=«https://app.example.org/»',
        ),
      },
    },
    {
      title: 'origins of a variable',
      files: {
        ...project('allow_origins=os.environ["ORIGINS"].split(","),', 'import os'),
        'etc/systemd/system/shop.service': serviceUnit(
          '/usr/bin/uvicorn --port 8000 api:app',
          'Environment=ORIGINS=«https://app.example.org/»,http://localhost:5173',
        ),
      },
    },
    {
      title: 'one origin of a variable',
      files: {
        ...project('allow_origins=[os.getenv("ORIGIN", "http://localhost:5173")],', 'import os'),
        'etc/systemd/system/shop.service': serviceUnit(
          '/usr/bin/uvicorn --port 8000 api:app',
          'Environment=ORIGIN=«app.example.org»',
        ),
      },
    },
    { title: 'cookies for all of them', files: express("origin: «'*'», credentials: true") },
    { title: 'for Flask', files: flask('CORS(app, origins=[«"https://app.example.org/"»])') },
  ],
  good: [
    {
      title: 'origins',
      files: project('allow_origins=["https://app.example.org", "http://localhost:3000"],'),
    },
    {
      title: 'origins of Express',
      files: express("origin: ['https://app.example.org', 'http://localhost:3000', '*'], credentials: true"),
    },
    {
      title: 'a variable that is not set, and one that is an origin',
      files: express('origin: process.env.CLIENT'),
    },
    {
      title: 'a variable that is mended before it is given',
      files: {
        ...project(
          'allow_origins=[each.rstrip("/") for each in os.environ["ORIGINS"].split(",")],',
          'import os',
        ),
        'etc/systemd/system/shop.service': serviceUnit(
          '/usr/bin/uvicorn --port 8000 api:app',
          'Environment=ORIGINS=https://app.example.org/',
        ),
      },
    },
    {
      title: 'a variable of origins',
      files: {
        ...project('allow_origins=os.environ["ORIGINS"].split(","),', 'import os'),
        'etc/systemd/system/shop.service': serviceUnit(
          '/usr/bin/uvicorn --port 8000 api:app',
          'Environment=ORIGINS=https://app.example.org,http://localhost:5173',
        ),
      },
    },
    { title: 'all of them, for Express', files: express("origin: '*'") },
    {
      title: 'a function of Express',
      files: express('origin: (origin, callback) => callback(null, true), credentials: true'),
    },
    {
      title: 'a list that is added to',
      files: project('allow_origins=ORIGINS,', 'ORIGINS = ["app.example.org"]\nORIGINS = complete(ORIGINS)'),
    },
    { title: 'all of them', files: project('allow_origins=["*"],') },
    { title: 'a pattern', files: project('allow_origin_regex=r"https://.*\\.example\\.org",') },
    {
      title: 'patterns, which Flask takes',
      files: flask('CORS(app, origins=[r"https://.*\\.example\\.org/?"])'),
    },
    { title: 'values of the settings', files: project('allow_origins=settings.origins,') },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const program of programsOfKind(deployment, 'app-server')) {
      yield* ofScript(program)
      const source = deployment.moduleOf(program)?.source ?? null
      if (source === null || source === 'missing' || seen.has(source)) continue
      seen.add(source)
      // Comments hold what is not sent.
      const code = withoutComments(source.code)
      yield* ofVariables(code, program)
      for (const [list, begin, takesPatterns] of listsOf(code)) {
        for (const { 0: quoted, 2: origin = '', index } of list.matchAll(/(["'])([^"'\n]*)\1/g)) {
          const fault = faultOf(origin, takesPatterns)
          if (fault === null) continue
          const start = begin + index
          yield found(origin, { source, start, end: start + quoted.length }, fault)
        }
      }
    }
  },
})

function found(origin: string, at: Place, { text, instead }: Fault): RuleFinding {
  return {
    at,
    message: `\`${origin}\` ${text}, so it allows no origin`,
    label: 'equal to no origin',
    help: instead,
  }
}

/** `os.environ["ORIGINS"].split(",")` in the place of the list. */
const SPLIT =
  /\ballow_origins\s*=\s*\[?\s*os\.(?:environ\s*\[\s*|environ\.get\(\s*|getenv\(\s*)(["'])(\w+)\1[^\n]*?[\])](?:\.split\(\s*(?:",\s?"|',\s?')\s*\))?\s*\]?\s*,?\s*$/gm

/** Origins that a module takes from a variable, where it is written out for the program. */
function* ofVariables(code: string, { environment }: AppServerProgram): Iterable<RuleFinding> {
  for (const [whole, , name = ''] of code.matchAll(SPLIT)) {
    const fact = environment(name)
    if (fact?.known !== true || fact.at == null) continue
    const { source, start, end } = fact.at
    const isSplit = whole.includes('.split(')
    for (const origin of isSplit ? fact.value.split(',') : [fact.value]) {
      const fault = faultOf(origin.trim(), false)
      if (fault === null) continue
      const index = source.text.slice(start, end).indexOf(origin)
      const at = index === -1 ? fact.at : { source, start: start + index, end: start + index + origin.length }
      yield found(origin.trim(), at, fault)
    }
  }
}

/** What a script of Node.js tells the package `cors`. */
function* ofScript({ server: { settings } }: AppServerProgram): Iterable<RuleFinding> {
  for (const [name, fact] of settings) {
    if (!name.startsWith('cors ') || !fact.known || fact.at == null) continue
    if (name === 'cors for all')
      yield {
        at: fact.at,
        message: '`*` stands beside `credentials: true`, and browsers refuse it for a request with cookies',
        label: 'not with credentials',
        help: 'Name the origins, or write `origin: true`',
      }
    else if (typeof fact.value === 'string') {
      const fault = faultOf(fact.value, false)
      if (fault !== null) yield found(fact.value, fact.at, fault)
    }
  }
}

/** The lists of texts that a module of Python gives, with their offsets; a raw text is a pattern. */
function* listsOf(code: string): Iterable<readonly [list: string, begin: number, takesPatterns: boolean]> {
  for (const { 0: whole, 1: list = '', index } of code.matchAll(LISTS))
    yield [
      list,
      index + whole.length - list.length,
      /^\s*CORS\(|\borigins\s*=/.test(whole) && !/allow_origins/.test(whole),
    ]
  const name = /\ballow_origins\s*=\s*([A-Za-z_]\w*)\s*[,)]/.exec(code)?.[1]
  if (name === undefined) return
  const written = [...code.matchAll(new RegExp(`^${name}\\b[^=\\n]*=\\s*(${LIST})\\s*$`, 'gm'))]
  const [only] = written
  // What else is done with the name, nobody here knows.
  if (only === undefined || written.length > 1 || code.split(new RegExp(`\\b${name}\\b`)).length !== 3) return
  const list = only[1] ?? ''
  yield [list, only.index + only[0].indexOf(list), false]
}

const LIST = String.raw`\[(?:\s*(?:"[^"\n]*"|'[^'\n]*')\s*,?)*\s*\]`
const LISTS = new RegExp(String.raw`(?:\ballow_origins\s*=\s*|\bCORS\([^()]*?\borigins\s*=\s*)(${LIST})`, 'g')

interface Fault {
  readonly text: string
  readonly instead: string
}

function faultOf(origin: string, takesPatterns: boolean): Fault | null {
  if (!takesPatterns && /^https?:\/\/(?:\*\.[\w.-]+|[\w.-]+:\*)$/.test(origin))
    return {
      text: 'is compared as a text',
      instead: 'Write a pattern, with `allow_origin_regex` or a regular expression',
    }
  if (/^https?:\/\/[^\s,]+\s*,\s*https?:\/\//.test(origin))
    return { text: 'is one text', instead: 'Write a list with a text for each' }
  const [, scheme, host = '', rest = ''] = /^(https?:\/\/)?([\w.-]+(?::\d+)?)(\/.*)?$/.exec(origin) ?? []
  if (host === '' || origin.includes('*') || host === 'null') return null
  if (scheme === undefined)
    return host.includes('.') || host.includes(':')
      ? { text: 'has no scheme', instead: `Write \`https://${host}\`` }
      : null
  return rest === '' ? null : { text: 'has something behind the name', instead: `Write \`${scheme}${host}\`` }
}
