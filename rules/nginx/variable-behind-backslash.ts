import { isUnknownWord } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { outerFile } from '../../src/deployment/outer-file.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { wordPlace } from '../../src/servers/nginx/queries/places.ts'
import { nginxMain, nginxServer, proxiedServer } from '../_examples.ts'

const HEADERS = conf`
  location / {
      proxy_pass http://127.0.0.1:8000;
      proxy_set_header Host «\$host»;
  }
`

export default defineRule({
  summary: 'A backslash stands before a variable, as a shell would want it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'In an unquoted here-document `\\$host` keeps the shell from filling it in. In a file that no shell writes nginx keeps the backslash and puts the value behind it: the backend is sent `Host: \\example.org` and refuses it, and a file is looked for below `\\srv`.',
  remedy: 'Leave the backslash out',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header'],
  bad: [
    { title: 'the name that is sent on', files: { 'etc/nginx/nginx.conf': nginxMain(nginxServer(HEADERS)) } },
    { title: 'in a template of Ansible', files: { 'templates/shop.conf.j2': nginxServer(HEADERS) } },
    {
      title: 'the target of a redirect, and of the proxy',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location /old/ {
                return 301 «https://\$host/new/»;
            }
            location / {
                proxy_pass «http://127.0.0.1:8000\$request_uri»;
            }
          `),
        ),
      },
    },
  ],
  good: [
    {
      title: 'the variable alone',
      files: { 'etc/nginx/nginx.conf': nginxMain(nginxServer(HEADERS.replace(/[«»\\]/g, ''))) },
    },
    {
      title: 'a here-document, of which the shell takes it away',
      files: {
        'deploy/setup.sh': [
          'cat > /etc/nginx/sites-available/shop.conf <<EOF',
          nginxServer(HEADERS.replace(/[«»]/g, '')).trimEnd(),
          'EOF',
          '',
        ].join('\n'),
      },
    },
    {
      title: 'a file of which nobody knows what writes it',
      files: { 'shop.conf': nginxServer(HEADERS.replace(/[«»]/g, '')) },
    },
    {
      title: 'the end of an expression, and a variable',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          proxiedServer('rewrite ^/price\\$/(.*) /price/$1 break;', '127.0.0.1:8000'),
        ),
      },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences, main } of nginx) {
      for (const name of NAMES) {
        for (const line of occurrences.get(name) ?? []) {
          const { source } = line
          // What a shell reads before is told by nothing in a file alone.
          if (outerFile(source) !== null || (main === null && !/\.j(?:inja)?2$/.test(source.path))) continue
          // The first word of a rewrite is an expression, in which it is a dollar sign.
          for (const word of line.args.slice(name === 'rewrite' ? 1 : 0)) {
            if (isUnknownWord(word.value) || !ESCAPED.test(word.value)) continue
            const at = wordPlace(line, word)
            const text = source.text.slice(at.start, at.end)
            yield {
              at,
              message: `nginx keeps the backslash of \`${word.value}\`, and puts the value of the variable behind it`,
              label: 'a backslash too many',
              ...propose('Leave the backslash out', 'unsafe', [
                replacePlace(at, text.replaceAll(/\\(?=\$)/g, '')),
              ]),
            }
          }
        }
      }
    }
  },
})

const NAMES = [
  'proxy_set_header',
  'proxy_pass',
  'fastcgi_param',
  'uwsgi_param',
  'add_header',
  'return',
  'rewrite',
  'try_files',
  'root',
  'alias',
]
const ESCAPED = /\\\$\{?[a-z_]/
