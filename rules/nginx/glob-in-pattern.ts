import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { compilePcre, toBytes } from '../../src/servers/regex.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (pattern: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      location ~ ${pattern} {
          return 403;
      }
    `),
  ),
})

export default defineRule({
  summary: 'A regular expression in which a `*` is meant as in the names of files',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a regular expression `*` repeats what stands before it: `/cache/*\\.html` asks for slashes and then `.html`, so no file below `/cache/` is matched, and what the location forbids, or lets be kept, is answered by another.',
  remedy: 'Write `[^/]*` for any name, or `.*` for any path',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    { title: 'files of a directory', files: nginx('«^/cache/*\\.html$»') },
    { title: 'scripts of a directory', files: nginx('«/uploads/*.php$»') },
    { title: 'a file with any extension', files: nginx('«^/(?:composer\\.*|vendor/.*)$»') },
  ],
  good: [
    { title: 'any name, and any path', files: nginx('^/cache/[^/]*\\.html$') },
    { title: 'whatever begins so', files: nginx('^/chat/*') },
    { title: 'whatever begins with a name and a dot', files: nginx('^/(?:composer\\.*|vendor/.*)') },
    { title: 'slashes at the end', files: nginx('^/api/*$') },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const location of occurrences.get('location') ?? []) {
        const { modifier, name } = readLocation(location)
        if (!modifier.startsWith('~') || isUnknownWord(name)) continue
        const meant = name.replace(OF_FILES, '$1[^/]+').replace(OF_EXTENSIONS, '\\.[^/]+')
        if (meant === name) continue
        const caseless = modifier === '~*'
        const written = compilePcre(name, { caseless })
        const lost = sampleTexts(meant, { caseless, filler: 'page' }).texts.find(
          text => written?.test(toBytes(text)) === false,
        )
        if (lost === undefined) continue
        yield {
          at: argumentPlace(location, location.args.length - 1),
          message: `\`*\` repeats what stands before it, and is no wildcard: \`${lost}\` does not match`,
          label: 'not any name',
        }
      }
    }
  },
})

/** `/*` behind a name and in front of an extension. */
const OF_FILES = /((?<=\w)\/)\*(?=\\?\.(?:\w|\(\w))/g
/** `\.*` at the end of a pattern, or of one of several. */
const OF_EXTENSIONS = /(?<=\w)\\\.\*(?=[|)$]|$)/g
