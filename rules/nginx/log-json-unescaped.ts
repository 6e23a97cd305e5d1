import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (format: string, log = 'access_log /var/log/nginx/access.json json;'): string =>
  nginxMain([
    format,
    nginxServer(conf`
      ${log}
      return 204;
    `),
  ])

export default defineRule({
  summary: 'Lines of the log are no JSON, as `log_format` does not escape for it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `escape=json` nginx writes a quote, a backslash and every byte that is not plain ASCII as `\\x22`, which JSON does not know. What reads the log drops the lines of all clients that send one, and any client can send one.',
  remedy: 'Write `log_format NAME escape=json …;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format'],
  bad: [
    {
      title: 'what the client calls itself',
      files: {
        'etc/nginx/nginx.conf': nginx(
          `log_format «json» '{"time":"$time_iso8601","status":$status,"agent":"$http_user_agent"}';`,
        ),
      },
    },
    {
      title: 'several words',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          log_format «json»
              '{ "remote": "$remote_addr", '
              '"request": "$request", '
              '"status": "$status" }';
        `),
      },
    },
  ],
  good: [
    {
      title: 'escaped for JSON',
      files: {
        'etc/nginx/nginx.conf': nginx(`log_format json escape=json '{"agent":"$http_user_agent"}';`),
      },
    },
    {
      title: 'values that hold no quotes',
      files: {
        'etc/nginx/nginx.conf': nginx(`log_format json '{"remote":"$remote_addr","status":$status}';`),
      },
    },
    {
      title: 'a line that is no JSON',
      files: {
        'etc/nginx/nginx.conf': nginx(`log_format json '$remote_addr {"agent":"$http_user_agent"}';`),
      },
    },
    {
      title: 'a format that no log has',
      files: {
        'etc/nginx/nginx.conf': nginx(
          `log_format json '{"agent":"$http_user_agent"}';`,
          'access_log /var/log/nginx/access.log;',
        ),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const line of configuration.occurrences.get('log_format') ?? []) {
        const [name, ...words] = line.args
        if (name === undefined || words[0]?.value.startsWith('escape=')) continue
        const variable = quotedInJson(words.map(({ value }) => value).join(''))
        if (variable === null || !isUsed(configuration, name.value, line)) continue
        const at = argumentPlace(line, 0)
        yield {
          at,
          message: `a quote or an umlaut in \`$${variable}\` makes a line that is no JSON: nginx writes \`\\x22\``,
          label: 'no `escape=json`',
          ...propose('Escape for JSON', 'safe', [insertAfter(at, ' escape=json')]),
        }
      }
    }
  },
})

/** The first variable that a client fills and that stands between quotes of an object of JSON; null for none. */
function quotedInJson(format: string): string | null {
  if (!/^\s*\{\s*"[^"]+"\s*:/.test(format) || !/\}\s*$/.test(format)) return null
  for (const [, text = ''] of format.matchAll(/"([^"]*)"/g)) {
    const found = variableNames(text).find(name => FROM_CLIENT.test(name))
    if (found !== undefined) return found
  }
  return null
}

/** What a client may write a quote into. */
const FROM_CLIENT =
  /^(?:http_(?!x_forwarded_proto$)\w+|cookie_\w+|arg_\w+|request|args|query_string|remote_user|request_body|uri|document_uri)$/

/** True where a log has the format; also where nobody can tell. */
function isUsed(
  { occurrences, main }: NginxConfiguration,
  format: string,
  { context }: NginxDirective,
): boolean {
  const isStream = context.startsWith('stream')
  return (
    main === null ||
    (occurrences.get('access_log') ?? []).some(
      line => line.context.startsWith('stream') === isStream && line.args[1]?.value === format,
    )
  )
}
