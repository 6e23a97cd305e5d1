import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { type ApacheConfiguration, isModuleLoaded } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { apacheMain } from '../_examples.ts'

const PRECOMPRESSED = conf`
  RewriteEngine On
  RewriteCond %{HTTP:Accept-Encoding} gzip
  RewriteCond %{REQUEST_FILENAME}.gz -s
  RewriteRule ^(.*)\.css$ $1.css.gz [QSA]
`
const ENCODED = conf`
  <FilesMatch "\.css\.gz$">
      Header set Content-Encoding gzip
  </FilesMatch>
`
const rules = (line: string): string => conf`
  ${PRECOMPRESSED}
  ${line}
  ${ENCODED}
`
const site = (
  line: string,
  main = 'AddOutputFilterByType BROTLI_COMPRESS text/css',
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      TypesConfig /etc/mime.types
      <Directory /srv/www>
          Options FollowSymLinks
          AllowOverride All
          Require all granted
      </Directory>
      ${main}
    `,
    ['rewrite', 'headers', 'filter', 'brotli', 'mime', 'dir'],
  ),
  'srv/www/.htaccess': rules(line),
})

export default defineRule({
  summary: 'A file that is compressed already is compressed once more by mod_brotli',
  severity: 'warning',
  otherSeverities: { info: 'where nobody sees whether the server compresses by mod_brotli' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`no-gzip` keeps mod_deflate alone from a file that is sent as it was compressed beforehand. mod_brotli asks for `no-brotli`: it compresses the gzip file again, under the header `Content-Encoding: gzip`, and browsers, which nearly all take Brotli, drop the style sheet.',
  remedy: 'Set both: `[T=text/css,E=no-gzip:1,E=no-brotli:1]`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_brotli.html#precompressed'],
  bad: [
    {
      title: 'style sheets',
      files: site('RewriteRule \\.css\\.gz$ - «[T=text/css,E=no-gzip:1]»'),
    },
    {
      title: 'a .htaccess alone',
      files: {
        '.htaccess': rules(conf`
          RewriteRule \.css\.gz$ - «[T=text/css,E=no-gzip:1]»
          RewriteRule \.js\.gz$ - «[T=text/javascript,E=no-gzip:1]»
        `),
      },
    },
  ],
  good: [
    {
      title: 'for both modules',
      files: site('RewriteRule \\.css\\.gz$ - [T=text/css,E=no-gzip:1,E=no-brotli:1]'),
    },
    {
      title: 'for all that the server compresses, and in a section of files',
      files: {
        '.htaccess': conf`
          ${rules('RewriteRule \\.css\\.gz$ - [T=text/css,E=no-gzip:1]')}
          <FilesMatch "\.gz$">
              SetEnv no-brotli 1
          </FilesMatch>
        `,
      },
    },
    {
      title: 'what browsers are not told to be compressed',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteRule \.pdf$ - [E=no-gzip:1]
        `,
      },
    },
    {
      title: 'a server that compresses nothing by mod_brotli',
      files: site('RewriteRule \\.css\\.gz$ - [T=text/css,E=no-gzip:1]', ''),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const compresses = compressesByBrotli(configuration, files)
      if (compresses === false || isLeftOut(configuration, files)) continue
      for (const { type, environment, directive, settled } of placedRules(configuration, files)) {
        if (type === null || !settled || !environment.includes('no-gzip:1')) continue
        yield {
          at: argumentPlace(directive, directive.args.length - 1),
          ...(compresses === undefined ? { severity: 'info' as const } : {}),
          message: compresses
            ? 'mod_brotli is not kept from what `no-gzip` keeps mod_deflate from: what is compressed already is compressed once more'
            : 'where the server has mod_brotli, it compresses once more what is compressed already: it does not ask for `no-gzip`',
          label: 'no `E=no-brotli:1`',
        }
      }
    }
  },
})

/** Whether some line has mod_brotli compress; undefined where a part of the server is not here. */
function compressesByBrotli(configuration: ApacheConfiguration, files: FileSystem): boolean | undefined {
  if (isModuleLoaded(configuration, 'brotli_module') === false) return false
  const lines = ['addoutputfilterbytype', 'setoutputfilter', 'addoutputfilter', 'filterprovider'].flatMap(
    name => everywhere(configuration, files, name),
  )
  if (lines.some(({ args }) => args.some(({ value }) => /BROTLI_COMPRESS/i.test(value)))) return true
  return configuration.modulesComplete ? false : undefined
}

/** True where another line is about mod_brotli’s own variable. */
function isLeftOut(configuration: ApacheConfiguration, files: FileSystem): boolean {
  return ['setenv', 'setenvif', 'setenvifnocase', 'rewriterule'].some(name =>
    everywhere(configuration, files, name).some(({ args }) =>
      args.some(({ value }) => /no-brotli/i.test(value)),
    ),
  )
}
