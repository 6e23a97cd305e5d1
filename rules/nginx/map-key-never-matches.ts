import { isUnknownWord } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseNginxNetwork } from '../../src/servers/addresses/nginx.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { isPattern, judgeOf } from './_map-keys.ts'

const nginx = (head: string, lines: string): string =>
  nginxMain(conf`
    map ${head} $answer {
        default no;
        ${lines}
    }
    ${nginxServer('return 200 $answer;')}
  `)

export default defineRule({
  summary: 'An entry of a `map` that nothing matches',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `~` nginx compares the whole text with the entry. A pattern that is written as a plain text is equal to nothing, and the default holds.',
  remedy: 'Begin a regular expression with `~`, or `~*` for any case, and write a plain text as it is sent',
  references: ['https://nginx.org/en/docs/http/ngx_http_map_module.html#map'],
  bad: [
    {
      title: 'a pattern without its sign',
      files: { 'etc/nginx/nginx.conf': nginx('$uri', '«^/api/.*» yes;') },
    },
    {
      title: 'the same in a template',
      files: {
        'map.conf.j2': conf`
          map $uri $answer {
              default no;
              {% if api %}
              «^/api/.*» yes;
              {% endif %}
              /{{ page }} yes;
          }
        `,
      },
    },
    {
      title: 'the wildcard of a shell',
      files: { 'etc/nginx/nginx.conf': nginx('$uri', '«*.css» yes;') },
    },
    {
      title: 'a part of what a program calls itself',
      files: { 'etc/nginx/nginx.conf': nginx('$http_user_agent', '«Googlebot» yes;') },
    },
    {
      title: 'an origin without its scheme',
      files: { 'etc/nginx/nginx.conf': nginx('$http_origin', '«app.example.org» yes;') },
    },
    {
      title: 'a path without its slash',
      files: { 'etc/nginx/nginx.conf': nginx('$request_uri', '«old-page» yes;') },
    },
    {
      title: 'the wildcard of a media type',
      files: { 'etc/nginx/nginx.conf': nginx('$sent_http_content_type', '«image/*» yes;') },
    },
    {
      title: 'a pattern for the name of the host',
      files: { 'etc/nginx/nginx.conf': nginx('$host', '«^www\\.» yes;') },
    },
    {
      title: 'a pattern beside names with wildcards',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '$host',
          conf`
            hostnames;
            *.example.org yes;
            «^shop\.» yes;
          `,
        ),
      },
    },
    {
      title: 'a network',
      files: { 'etc/nginx/nginx.conf': nginx('$remote_addr', '«10.0.0.0/8» yes;') },
    },
    {
      title: 'networks, which are one fault',
      files: { 'etc/nginx/nginx.conf': nginx('$remote_addr', '«10.0.0.0/8» yes;\n192.168.0.0/16 yes;') },
    },
    {
      title: 'a class of statuses',
      files: { 'etc/nginx/nginx.conf': nginx('$status', '«^[23]» yes;') },
    },
    {
      title: 'several methods',
      files: { 'etc/nginx/nginx.conf': nginx('$request_method', '«POST|PUT» yes;') },
    },
    {
      title: 'a cookie among others',
      files: { 'etc/nginx/nginx.conf': nginx('$http_cookie', '«.*session=.*» yes;') },
    },
    {
      title: 'a format among those that a browser takes',
      files: { 'etc/nginx/nginx.conf': nginx('$http_accept', '«*webp*» yes;') },
    },
    {
      title: 'a page from which a client comes, without its scheme',
      files: { 'etc/nginx/nginx.conf': nginx('$http_referer', '«example.org» yes;') },
    },
    {
      title: 'a query with its question mark',
      files: { 'etc/nginx/nginx.conf': nginx('$args', '«?debug=1» yes;') },
    },
    {
      title: 'whether the connection is encrypted, by another word',
      files: { 'etc/nginx/nginx.conf': nginx('$https', '«https» yes;') },
    },
    {
      title: 'a pattern for two variables',
      files: { 'etc/nginx/nginx.conf': nginx('"$host:$uri"', '«^example\\.org:/api/» yes;') },
    },
  ],
  good: [
    {
      title: 'names with wildcards',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '$host',
          conf`
            hostnames;
            *.example.org yes;
            .example.net yes;
            www.example.* yes;
          `,
        ),
      },
    },
    {
      title: 'addresses',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '$remote_addr',
          conf`
            10.0.0.1 yes;
            2001:db8::1 yes;
            unix: yes;
          `,
        ),
      },
    },
    {
      title: 'an account of a domain',
      files: { 'etc/nginx/nginx.conf': nginx('$remote_user', 'CORP\\dave yes;') },
    },
    {
      title: 'statuses',
      files: { 'etc/nginx/nginx.conf': nginx('$status', '404 yes;') },
    },
    {
      title: 'ranges that a client may send alone',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '$http_accept',
          conf`
            */* yes;
            image/* yes;
            image/webp yes;
          `,
        ),
      },
    },
    {
      title: 'whether the connection is encrypted',
      files: { 'etc/nginx/nginx.conf': nginx('$https', 'on yes;') },
    },
    {
      title: 'what another map gives',
      files: {
        'etc/nginx/nginx.conf': nginx('$kind', '^/api/.* yes;').replace(
          'map $kind',
          'map $uri $kind {\n    /api/ ^/api/.*;\n}\nmap $kind',
        ),
      },
    },
    {
      title: 'media types',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '$sent_http_content_type',
          conf`
            text/css yes;
            ~image/ yes;
            "" no;
          `,
        ),
      },
    },
    {
      title: 'a regular expression',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '$uri',
          conf`
            ~^/api/ yes;
            ~\.css$ yes;
            /robots.txt yes;
          `,
        ),
      },
    },
    {
      title: 'origins as browsers send them',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '$http_origin',
          conf`
            https://app.example.org yes;
            null yes;
            "" yes;
          `,
        ),
      },
    },
    {
      title: 'names that a program may have alone',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '$http_user_agent',
          conf`
            - yes;
            "" yes;
            node yes;
            "curl/8.5.0" yes;
          `,
        ),
      },
    },
    {
      title: 'texts of another variable',
      files: { 'etc/nginx/nginx.conf': nginx('$cookie_lang', 'old-page yes;') },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const map of configuration.occurrences.get('map') ?? []) {
        const judge = judgeOf(configuration, map)
        if (judge === null) continue
        for (const entry of map.children) {
          const { name, args } = entry
          if (args.length !== 1 || SPECIAL.has(name) || isUnknownWord(name) || /^(?:~|\\)/.test(name))
            continue
          const reason = judge(name)
          if (reason === null) continue
          const at = namePlace(entry)
          yield {
            at,
            // A list of networks is mended as a whole.
            ...(name.includes('/') &&
              parseNginxNetwork(name) !== null && {
                cause: map,
                aspect: 'networks',
                also: 'is compared so too',
                help: `Write \`geo ${map.args.map(({ value }) => value).join(' ')} { … }\``,
              }),
            message: `\`${name}\` is compared as a plain text, and ${reason}`,
            related: [{ at: argumentPlace(map, 0), message: 'what is compared' }],
            ...(isPattern(name) && !/["' ]/.test(name)
              ? propose('Compare by a regular expression', 'unsafe', [replacePlace(at, `~${name}`)])
              : {}),
          }
        }
      }
    }
  },
})

const SPECIAL: ReadonlySet<string> = new Set(['default', 'include', 'volatile', 'hostnames'])
