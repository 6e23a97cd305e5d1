import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (format: string): string =>
  nginxMain([
    format,
    nginxServer(conf`
      access_log /var/log/nginx/access.json json;
      return 204;
    `),
  ])

export default defineRule({
  summary: 'Lines of the log are no JSON, as a comma is missing or stands before the last brace',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx puts the texts of `log_format` one behind the other and knows nothing of JSON. What reads the log drops every line.',
  remedy: 'Write a comma behind every value but the last',
  references: ['https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format'],
  bad: [
    {
      title: 'no comma behind a value',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          log_format json escape=json
              '{ "remote": "$remote_addr", '
              '"request": "$request" '
              «'"status": "$status" }'»;
        `),
      },
    },
    {
      title: 'no comma behind a number',
      files: {
        'etc/nginx/nginx.conf': nginx(
          `log_format json escape=json «'{"status":$status "time":$request_time}'»;`,
        ),
      },
    },
    {
      title: 'a comma behind the last value',
      files: {
        'etc/nginx/nginx.conf': nginx(
          `log_format json escape=json «'{"remote":"$remote_addr","status":$status,}'»;`,
        ),
      },
    },
  ],
  good: [
    {
      title: 'commas between',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          log_format json escape=json '{"remote":"$remote_addr",'
              '"status":$status , "request":"$request", "a": {"b": [1, 2]}}';
        `),
      },
    },
    {
      title: 'a variable that may hold the comma',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            map $http_x_trace $trace {
                default '"trace":"$http_x_trace",';
                "" "";
            }
            log_format json escape=json '{$trace "status":$status}';
          `,
          nginxServer(conf`
            access_log /var/log/nginx/access.json json;
            return 204;
          `),
        ]),
      },
    },
    {
      title: 'a line that is no JSON',
      files: { 'etc/nginx/nginx.conf': nginx(`log_format json '$remote_addr "$request" "$status"';`) },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const line of occurrences.get('log_format') ?? []) {
        const [, ...words] = line.args
        const first = words[0]?.value.startsWith('escape=') ? 1 : 0
        const texts = words.slice(first).map(({ value }) => value)
        const found = faultIn(texts.join(''))
        if (found === null) continue
        let end = 0
        const index = texts.findIndex(text => {
          end += text.length
          return found.at < end
        })
        yield {
          at: argumentPlace(line, 1 + first + Math.max(index, 0)),
          message:
            found.kind === 'missing'
              ? `no comma stands before \`${found.text}\``
              : 'a comma stands before the last brace',
        }
      }
    }
  },
})

interface Fault {
  readonly kind: 'missing' | 'last'
  readonly at: number
  readonly text: string
}

/** Two values with nothing between, or a comma before a closing brace, in what is meant as an object of JSON. */
function faultIn(format: string): Fault | null {
  if (!/^\s*\{\s*"[^"]+"\s*:/.test(format) || !/\}\s*$/.test(format)) return null
  for (let at = 0; at < format.length; at++) {
    if (format[at] !== '"') {
      const number = NUMBER.exec(format.slice(at))
      const isValue = number !== null && /[:\s]/.test(format[at - 1] ?? '')
      if (isValue)
        return {
          kind: 'missing',
          at: at + number[0].length - 1,
          text: shown(format, at + number[0].length - 1),
        }
      if (/^,\s*\}/.test(format.slice(at))) return { kind: 'last', at, text: ',' }
      continue
    }
    const end = endOfString(format, at)
    if (end === -1) return null
    const gap = /^\s*/.exec(format.slice(end + 1))?.[0].length ?? 0
    if (format[end + 1 + gap] === '"')
      return { kind: 'missing', at: end + 1 + gap, text: shown(format, end + 1 + gap) }
    at = end
  }
  return null
}

/** A number that nginx writes, with the quote of the next name behind it. */
const NUMBER =
  /^(?:\d+|\$\{?(?:status|body_bytes_sent|bytes_sent|request_time|request_length|msec|connection|connection_requests|upstream_response_time|upstream_status)\}?)\s*"/

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at
  }
  return -1
}

function shown(format: string, at: number): string {
  return format.slice(at, endOfString(format, at) + 1)
}
