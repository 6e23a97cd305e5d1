import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxMain } from '../_examples.ts'

const nginx = (names: string): string =>
  nginxMain(conf`
    server {
        listen 80 default_server;
        return 410;
    }
    server {
        listen 80;
        server_name ${names};
        return 204;
    }
  `)
const apache = (line: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      ${line}
  </VirtualHost>
`

export default defineRule({
  summary: 'A server name that no request can have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Names are separated by spaces. A comma, a scheme, a path, a bracket or a quote becomes a part of the name, which then matches no `Host`: requests for it are answered by the default server, and both configuration checks are content.',
  remedy: 'Write host names alone, separated by spaces',
  references: [
    'https://nginx.org/en/docs/http/server_names.html',
    'https://httpd.apache.org/docs/2.4/mod/core.html#serveralias',
  ],
  bad: [
    { title: 'a comma', files: { 'etc/nginx/nginx.conf': nginx('«example.org,» www.example.org') } },
    {
      title: 'an expression without its sign',
      files: { 'etc/nginx/nginx.conf': nginx('«^(www\\.)?example\\.org$»') },
    },
    { title: 'a wildcard in the middle', files: { 'etc/nginx/nginx.conf': nginx('«api.*.example.org»') } },
    { title: 'a scheme', files: { 'etc/nginx/nginx.conf': nginx('«https://example.org»') } },
    {
      title: 'a list as a program prints it',
      files: { 'site.conf': apache('ServerAlias «[www.example.org,» «vi.example.org]»') },
    },
  ],
  good: [
    { title: 'spaces', files: { 'etc/nginx/nginx.conf': nginx('example.org www.example.org') } },
    {
      title: 'a wildcard, an expression, and the names that match nothing on purpose',
      files: { 'etc/nginx/nginx.conf': nginx('*.example.org ~^(www|shop)\\.example\\.[a-z]+$ _ ""') },
    },
    { title: 'wildcards in Apache', files: { 'site.conf': apache('ServerAlias *.example.org ex?mple.org') } },
  ],
  *check({ nginx, apache }) {
    for (const { occurrences } of nginx) {
      for (const directive of occurrences.get('server_name') ?? []) {
        if (directive.context !== 'server') continue
        for (const [index, { value }] of directive.args.entries())
          if (!value.startsWith('~')) yield* judge(directive, index, value)
      }
    }
    for (const { occurrences } of apache) {
      for (const directive of occurrences.get('serveralias') ?? [])
        for (const [index, { value }] of directive.args.entries()) yield* judge(directive, index, value)
    }
  },
})

/** What a host name cannot hold, and people write: a list, a URL, a value as a program prints it. */
const FOREIGN = /[,;"'[\](){}<>|\\\s]|:\/\/|^[^/]+\/|^\/\//

function* judge(
  directive: NginxDirective | ApacheDirective,
  index: number,
  name: string,
): Iterable<RuleFinding> {
  const isPattern = /^\^/.test(name) || /[^$]\$$/.test(name)
  if (isUnknownWord(name) || isAddress(name)) return
  const isWild = isNginx(directive) && /\*/.test(name.replace(/^\*\.|\.\*$/g, ''))
  if (!isPattern && !isWild && (name.includes('$') || !FOREIGN.test(name))) return
  const at = argumentPlace(directive, index)
  const meant = /^(?:https?:\/\/)?([\w.-]+)[,/]?$/.exec(name)?.[1]
  yield {
    at,
    message: `no request has the host \`${name}\`: ${isPattern ? 'a regular expression begins with `~`' : isWild ? '`*` stands for names at the beginning or the end alone' : reason(name)}`,
    label: 'never matched',
    ...(meant === undefined
      ? {}
      : propose(`Write \`${meant}\``, 'unsafe', [
          at.source.text.slice(at.start, at.end) === name ? replacePlace(at, meant) : null,
        ])),
  }
}

function isNginx(directive: NginxDirective | ApacheDirective): directive is NginxDirective {
  return directive.name === 'server_name'
}

/** An address of version 6 in its brackets is what a client sends. */
function isAddress(name: string): boolean {
  return /^\[[0-9a-f:.]+\]$/i.test(name)
}

function reason(name: string): string {
  if (name.includes('://')) return 'the scheme is a part of it'
  if (name.includes(',') || name.includes(';')) return 'names are separated by spaces'
  return name.includes('/') ? 'the path is a part of it' : 'the punctuation is a part of it'
}
