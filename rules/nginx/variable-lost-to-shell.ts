import { memo } from '../../parsers/collections/memo.ts'
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
    { title: 'a backslash', files: script('EOF', '\\$remote_addr') },
    { title: 'a variable of the script', files: script('EOF', '$remote_addr', 'remote_addr=192.0.2.1') },
    { title: 'another variable', files: script('EOF', '$DOMAIN') },
    { title: 'a script that reads variables from another', files: script('EOF', '$host', '. ./settings.sh') },
  ],
  *check({ nginx }) {
    const seen = new Set<string>()
    for (const { sources } of nginx) {
      for (const source of sources) {
        const outer = outerFile(source)
        const found = outer === null ? null : lostIn(source)
        if (found === null) continue
        const key = `${outer}:${found.at.start}`
        if (seen.has(key)) continue
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

interface Lost {
  readonly name: string
  readonly at: Place
  readonly count: number
}

/** Variables of nginx that no script has by chance, and those that one may have. */
const OF_NGINX =
  /(?<![\\$\w])\$(?:(proxy_add_x_forwarded_for|proxy_host|remote_addr|remote_port|remote_user|request_uri|request_method|request_filename|binary_remote_addr|document_root|document_uri|fastcgi_script_name|fastcgi_path_info|realpath_root|http_(?:host|upgrade|user_agent|referer|x_\w+|cookie|authorization|origin|accept\w*)|is_args|query_string|connection_upgrade|upstream_\w+|body_bytes_sent|time_local|ssl_client_\w+|arg_\w+|cookie_\w+|sent_http_\w+)|(host|uri|args|scheme|status|request|server_name|server_port|https))(?!\w)/g

/** The first variable of nginx that is replaced by nothing; null where none is. */
const lostIn = memo((source: Source): Lost | null => {
  const { text, code, template } = source
  if (!template || !text.includes('$')) return null
  const isOpen = /(?:^|[\s;&|])(?:\.|source)[ \t]+[^\s;]/m.test(text) || /\{\{|<%/.test(text)
  let first: RegExpMatchArray | null = null
  let count = 0
  for (const match of text.matchAll(OF_NGINX)) {
    const [written, own, common] = match
    // Where a word before it grew shorter, what stands for it begins a little earlier.
    const masked = code.slice(Math.max(0, match.index - 4), match.index + written.length)
    if (!isUnknownWord(masked) || isUnknownWord(code.slice(Math.max(0, match.index - 4), match.index - 3)))
      continue
    if (common !== undefined && isOpen) continue
    if (isSet(text, own ?? common ?? '')) continue
    first ??= match
    count++
  }
  if (first?.index === undefined) return null
  const [name] = first
  return { name, at: { source, start: first.index, end: first.index + name.length }, count }
})

/** True for a name to which a script, or what starts it, gives a value. */
function isSet(text: string, name: string): boolean {
  return new RegExp(
    String.raw`(?:^|[\s;&|("'])${name}\+?=|\b(?:read|for|local|export|declare|typeset|readonly|mapfile|readarray|ARG|ENV)\b[^\n;]*\b${name}\b`,
    'm',
  ).test(text)
}
