import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Source } from '../../parsers/text/source.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const project = (origins: string): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/uvicorn --port 8000 api:app'), {
    'etc/shop/api.py': conf`
      from starlette.applications import Starlette
      from starlette.middleware.cors import CORSMiddleware

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

export default defineRule({
  summary: 'An origin of the application’s CORS is none that a browser sends',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A browser sends `Origin` as scheme, name and port, and nothing behind them. Starlette, FastAPI and Flask-CORS compare the text: `https://app.example.org/`, or a name without its scheme, is equal to no origin, so the answer has no `Access-Control-Allow-Origin` and the browser keeps it from the page.',
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
    { title: 'for Flask', files: flask('CORS(app, origins=[«"https://app.example.org/"»])') },
  ],
  good: [
    {
      title: 'origins',
      files: project('allow_origins=["https://app.example.org", "http://localhost:3000"],'),
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
      const source = deployment.moduleOf(program)?.source ?? null
      if (source === null || source === 'missing' || seen.has(source)) continue
      seen.add(source)
      // Comments hold what is not sent.
      const code = withoutComments(source.code)
      for (const list of code.matchAll(LISTS)) {
        const begin = list.index + list[0].length - (list[1]?.length ?? 0)
        for (const { 0: quoted, 2: origin = '', index } of (list[1] ?? '').matchAll(/(["'])([^"'\n]*)\1/g)) {
          const fault = faultOf(origin)
          if (fault === null) continue
          const start = begin + index
          yield {
            at: { source, start, end: start + quoted.length },
            message: `\`${origin}\` ${fault.text}, so it allows no origin`,
            label: 'equal to no origin',
            help: `Write \`${fault.instead}\``,
          }
        }
      }
    }
  },
})

/** Lists of texts alone; a raw one is a pattern. */
const LISTS =
  /(?:\ballow_origins\s*=\s*|\bCORS\([^()]*?\borigins\s*=\s*)(\[(?:\s*(?:"[^"\n]*"|'[^'\n]*')\s*,?)*\s*\])/g

function faultOf(origin: string): { readonly text: string; readonly instead: string } | null {
  const [, scheme, host = '', rest = ''] = /^(https?:\/\/)?([\w.-]+(?::\d+)?)(\/.*)?$/.exec(origin) ?? []
  if (host === '' || origin.includes('*') || host === 'null') return null
  if (scheme === undefined)
    return host.includes('.') || host.includes(':')
      ? { text: 'has no scheme', instead: `https://${host}` }
      : null
  return rest === '' ? null : { text: 'has something behind the name', instead: `${scheme}${host}` }
}
