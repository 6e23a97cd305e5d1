import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (hashed: string, link = '$arg_md5,$arg_expires'): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location /videos/ {
          secure_link ${link};
          secure_link_md5 ${hashed};
          if ($secure_link = "") {
              return 403;
          }
          if ($secure_link = "0") {
              return 410;
          }
      }
    `),
  )

export default defineRule({
  summary: 'Whoever has a link may change when it expires',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 4.3,
  cwe: [345],
  since: '0.1.0',
  why: 'nginx compares the time that the link names itself. Where that time is not part of what is hashed, the checksum stays right whatever time is written there, and a link never expires.',
  remedy: 'Put `$secure_link_expires` into `secure_link_md5`, and into what makes the links',
  references: ['https://nginx.org/en/docs/http/ngx_http_secure_link_module.html#secure_link_md5'],
  bad: [
    {
      title: 'the path and a word',
      files: { 'etc/nginx/nginx.conf': nginx('«"$uri example-word"»') },
    },
  ],
  good: [
    {
      title: 'the time, the path and a word',
      files: { 'etc/nginx/nginx.conf': nginx('"$secure_link_expires$uri example-word"') },
    },
    {
      title: 'the argument itself',
      files: { 'etc/nginx/nginx.conf': nginx('"$arg_expires$uri example-word"') },
    },
    {
      title: 'links that do not expire',
      files: { 'etc/nginx/nginx.conf': nginx('"$uri example-word"', '$arg_md5') },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const line of configuration.occurrences.get('secure_link') ?? []) {
        const [checksum, time, ...others] = (line.args[0]?.value ?? '').split(',')
        if (line.parent === null || time === undefined || others.length > 0) continue
        const fact = effective(configuration, line.parent, 'secure_link_md5')
        const hashed = fact.known ? fact.value.directives.at(-1) : undefined
        const names = variableNames(hashed?.args[0]?.value ?? '')
        if (hashed === undefined || !names.every(name => REQUEST.test(name))) continue
        const parts = variableNames(time)
        if (names.some(name => name === 'secure_link_expires' || parts.includes(name))) continue
        // All arguments are the time as well, and a checksum cannot be among them.
        if (names.some(name => /^(?:args|query_string|request_uri)$/.test(name))) continue
        yield {
          at: argumentPlace(hashed, 0),
          message: `\`${time}\` is not hashed, so a link with \`${checksum ?? ''}\` is answered whatever time it names`,
          label: 'without the time',
          related: [{ at: argumentPlace(line, 0), message: 'the time that is compared' }],
        }
      }
    }
  },
})

/** Variables of which it is known what they hold. */
const REQUEST =
  /^(?:uri|document_uri|request_uri|args|query_string|arg_\w+|remote_addr|binary_remote_addr|host|http_\w+|cookie_\w+|scheme|server_name|request_method|secure_link_expires|\d)$/
