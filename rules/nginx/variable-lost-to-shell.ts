import { lineStart } from '../../parsers/text/line-start.ts'
import { isUnknownWord, type Place, type Source } from '../../parsers/text/source.ts'
import { outerFile } from '../../src/deployment/outer-file.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const script = (delimiter: string, value: string, more = ''): Record<string, string> => ({
  'deploy/setup.sh': [
    '#!/bin/bash',
    'set -e',
    'DOMAIN="$1"',
    more,
    `cat > /etc/nginx/sites-available/shop.conf <<${delimiter}`,
    conf`
      server {
          listen 80;
          server_name shop.example.org;
          location / {
              proxy_pass http://127.0.0.1:8000;
              proxy_set_header X-Real-IP ${value};
          }
      }
    `.trimEnd(),
    'EOF',
    'nginx -t && systemctl reload nginx',
    '',
  ].join('\n'),
})

export default defineRule({
  summary: 'The shell replaces variables of nginx before the file is written',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a here-document whose word is not quoted, in double quotes and in a text of a compose file, whoever writes the file fills in what begins with `$`. It has no `$host` and no `$uri`: nothing is left of them, and nginx refuses `proxy_set_header Host ;` with `invalid number of arguments`, or looks for files that are called nothing.',
  remedy: "Quote the word of the here-document, `<<'EOF'`, or write `\\$host`; in a compose file `$$host`",
  references: [
    'https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_07_04',
    'https://docs.docker.com/reference/compose-file/interpolation/',
  ],
  unproven: 'the live tests write files as they stand, and no shell writes them',
  bad: [
    { title: 'a here-document', files: script('EOF', '«$remote_addr»') },
    {
      title: 'in a Dockerfile',
      files: {
        Dockerfile: [
          'FROM nginx:1.27',
          'COPY <<EOF /etc/nginx/conf.d/default.conf',
          'server {',
          '    listen 80;',
          '    location / {',
          '        try_files «$uri» $uri/ /index.html;',
          '    }',
          '}',
          'EOF',
          '',
        ].join('\n'),
      },
    },
  ],
  good: [
    { title: 'a quoted word', files: script("'EOF'", '$remote_addr') },
    {
      title: 'a text that is written nowhere, as the `>` is missing',
      files: {
        'install.sh': conf`
          #!/bin/sh
          touch /etc/nginx/conf.d/shop.conf
          cat /etc/nginx/conf.d/shop.conf <<EOF
          server {
              listen 80;
              location / {
                  proxy_pass http://127.0.0.1:8042;
                  proxy_set_header X-Real-IP $remote_addr;
              }
          }
          EOF
        `,
      },
    },
    { title: 'a backslash', files: script('EOF', '\\$remote_addr') },
    { title: 'a variable of the script', files: script('EOF', '$remote_addr', 'remote_addr=192.0.2.1') },
    {
      title: 'a raw string of Helm, which leaves the dollar there',
      files: {
        'chart/values.yaml': conf`
          data:
            default.conf: |
              server {
                  listen 443 ssl;
                  ssl_certificate /etc/nginx/certs/tls.crt;
                  ssl_certificate_key /etc/nginx/certs/tls.key;
                  location / {
                      proxy_pass http://127.0.0.1:8042;
                      proxy_set_header Host {{\`$http_host\`}};
                  }
              }
        `,
      },
    },
    { title: 'another variable', files: script('EOF', '$DOMAIN') },
    { title: 'a script that reads variables from another', files: script('EOF', '$host', '. ./settings.sh') },
  ],
  *check({ nginx }) {
    const scripts = new Map<string, Script>()
    const seen = new Set<string>()
    for (const { sources } of nginx) {
      for (const source of sources) {
        const outer = source.template ? outerFile(source) : null
        if (outer === null || !source.text.includes('$')) continue
        const script = scripts.get(outer) ?? readScript(source.text)
        scripts.set(outer, script)
        const found = lostIn(source, script)
        const key = `${outer}:${found?.at.start}`
        if (found === null || seen.has(key)) continue
        seen.add(key)
        const others = found.count - 1
        yield {
          at: found.at,
          message: `nothing is left of \`${found.name}\`${others === 0 ? '' : ` and ${others} more variable${others === 1 ? '' : 's'} of nginx`}, for whoever writes the file fills in what begins with \`$\` and has no such variable`,
          label: 'is filled in before nginx reads it',
        }
      }
    }
  },
})

/** What a file says of the variables that it fills in. */
interface Script {
  /** Names to which it, or what starts it, gives a value. */
  readonly given: ReadonlySet<string>
  /** True where another file may give a value to more of them. */
  readonly open: boolean
}

const GIVEN =
  /(?:^|[\s;&|("'])([A-Za-z_]\w*)\+?=|\b(?:read|for|local|export|declare|typeset|readonly|mapfile|readarray|ARG|ENV)\b([^\n;]*)/gm

function readScript(text: string): Script {
  const given = new Set<string>()
  for (const [, name, rest = ''] of text.matchAll(GIVEN)) {
    if (name !== undefined) given.add(name)
    for (const [word] of rest.matchAll(/\w+/g)) given.add(word)
  }
  return { given, open: /(?:^|[\s;&|])(?:\.|source)[ \t]+[^\s;]/m.test(text) || /\{\{|<%/.test(text) }
}

interface Lost {
  readonly name: string
  readonly at: Place
  readonly count: number
}

/** Variables of nginx that no script has by chance, and those that one may have. */
const OF_NGINX =
  /(?<![\\$\w])\$(?:(proxy_add_x_forwarded_for|proxy_host|remote_addr|remote_port|remote_user|request_uri|request_method|request_filename|binary_remote_addr|document_root|document_uri|fastcgi_script_name|fastcgi_path_info|realpath_root|http_(?:host|upgrade|user_agent|referer|x_\w+|cookie|authorization|origin|accept\w*)|is_args|query_string|connection_upgrade|upstream_\w+|body_bytes_sent|time_local|ssl_client_\w+|arg_\w+|cookie_\w+|sent_http_\w+)|(host|uri|args|scheme|status|request|server_name|server_port|https))(?!\w)/g

/** The first variable of nginx that is replaced by nothing; null where none is. */
function lostIn(source: Source, { given, open }: Script): Lost | null {
  const { text, code } = source
  const from = code.search(/\S/)
  let first: RegExpMatchArray | null = null
  let count = 0
  for (const match of text.slice(Math.max(0, from), code.trimEnd().length).matchAll(OF_NGINX)) {
    const [written, own, common] = match
    const start = from + match.index
    // Where a word before it grew shorter, what stands for it begins a little earlier.
    const masked = code.slice(Math.max(0, start - 4), start + written.length)
    if (!isUnknownWord(masked) || isUnknownWord(code.slice(Math.max(0, start - 4), start - 3))) continue
    if (isInTag(text, start)) continue
    if (given.has(own ?? common ?? '') || (common !== undefined && open)) continue
    first ??= match
    count++
  }
  if (first?.index === undefined) return null
  const [name] = first
  const start = from + first.index
  return { name, at: { source, start, end: start + name.length }, count }
}

/** True inside of a tag of a template engine, which gives the letters as they are: `{{`$http_host`}}`. */
function isInTag(text: string, at: number): boolean {
  const before = text.slice(lineStart(text, at, LONGEST_TAG), at)
  return (
    before.lastIndexOf('{{') > before.lastIndexOf('}}') || before.lastIndexOf('<%') > before.lastIndexOf('%>')
  )
}

const LONGEST_TAG = 200
