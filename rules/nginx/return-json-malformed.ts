import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (line: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location = /state {
          default_type application/json;
          ${line}
      }
    `),
  ),
})

export default defineRule({
  summary: 'A `return` sends what is meant as JSON and is none',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Whoever parses the answer stops at the fault: an error that was meant to be shown becomes a failure of the client’s own, `Unexpected token`, and a check for health fails.',
  remedy: 'Write the body as JSON, with every text and every name in double quotes: `{"status": "ok"}`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#return',
    'https://www.rfc-editor.org/rfc/rfc8259',
  ],
  bad: [
    {
      title: 'a quote that is missing',
      files: nginx(`return 408 «'{"code": 408, "message": "Request Timeout}'»;`),
    },
    {
      title: 'a text where a name and a value belong',
      files: nginx(`return 504 «'{"error": {"Request Timeout"}}'»;`),
    },
    { title: 'single quotes', files: nginx(`return 200 «"{'status': 'ok'}"»;`) },
    { title: 'a comma at the end', files: nginx(`return 200 «'{"host": "$host", "status": 200,}'»;`) },
  ],
  good: [
    { title: 'JSON', files: nginx(`return 200 '{"status": "ok", "code": 200, "all": [{"a": null}]}';`) },
    {
      title: 'variables, in texts and as values',
      files: nginx(`return 200 '{"host": "$host", "status": $status, "time": \${msec}}';`),
    },
    { title: 'a variable that holds more than a value', files: nginx(`return 200 '{"host": "x" $rest}';`) },
    { title: 'escaped quotes', files: nginx(String.raw`return 200 "{\"status\": \"ok\"}";`) },
    { title: 'no JSON at all', files: nginx(`return 200 "{ok}";`) },
    {
      title: 'what a template fills in',
      files: { 'site.conf.j2': `location = /state {\n    return 200 '{"all": {{ all }} }';\n}\n` },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations)
      for (const line of occurrences.get('return') ?? []) {
        const [status, body] = line.args
        if (body === undefined || /^30[12378]$/.test(status?.value ?? '')) continue
        const fault = faultOf(body.value)
        if (fault === null) continue
        yield {
          at: argumentPlace(line, 1),
          message: `the body is meant as JSON, and is none: ${fault}`,
        }
      }
  },
})

/** Why a text that begins and ends as an object of JSON is none; null where it is one, or is not meant as such. */
function faultOf(text: string): string | null {
  if (isUnknownWord(text) || !/^\s*\{\s*(["'])[\w $.-]+\1\s*:/.test(text) || !/\}\s*$/.test(text)) return null
  // Whatever a variable holds, a number may stand in its place; outside of texts it may hold more.
  if (isJson(text.replace(VARIABLE, '1'))) return null
  if (text.replace(STRING, '').search(VARIABLE) !== -1) return null
  if (/^\s*\{\s*'/.test(text)) return 'texts stand in double quotes alone'
  return text.replace(STRING, '').includes('"') ? 'a quote is missing' : 'some comma, colon or value is amiss'
}

const VARIABLE = /\$(?:\w+|\{\w+\})/g

const STRING = /"(?:[^"\\]|\\.)*"/g

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
