import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      TypesConfig /etc/mime.types
      DocumentRoot /srv/www
      <Directory /srv/www>
          AllowOverride All
          Require all granted
      </Directory>
      ${lines}
    `,
    ['authz_host', 'deflate', 'dir', 'filter', 'mime'],
  ),
  'srv/www/page.data': 'page',
})

export default defineRule({
  summary: 'A media type and the extension of a file stand in each other’s place',
  severity: 'warning',
  otherSeverities: { error: 'where Apache refuses the line' },
  confidence: 'high',
  since: '0.1.0',
  why: '`AddType`, `AddEncoding` and their like name the type first and then the extensions: the other way round no file has the extension, and the line does nothing. `AddOutputFilterByType` names the filter first and then media types such as `text/css`: no answer has the type `css`, and in the other order Apache finds no filter of that name.',
  remedy: 'Write `AddType application/wasm .wasm` and `AddOutputFilterByType DEFLATE text/css`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_mime.html#addtype',
    'https://httpd.apache.org/docs/2.4/mod/mod_filter.html#addoutputfilterbytype',
  ],
  bad: [
    { title: 'the extension first', files: main('AddType «.data» text/x-data') },
    { title: 'extensions for the types', files: main('AddOutputFilterByType DEFLATE «html» css') },
    {
      title: 'the type before the filter',
      files: { ...main(''), 'srv/www/.htaccess': 'AddOutputFilterByType «text/html» DEFLATE\n' },
    },
    { title: 'the extension of a language', files: main('AddLanguage «.de» de') },
  ],
  good: [
    {
      title: 'the type first',
      files: main(conf`
        AddType text/x-data .data .dat
        AddType x-mapp-php .php
        AddEncoding x-gzip .gz tgz
        AddLanguage de .de
        AddOutputFilterByType DEFLATE text/html text/css
      `),
    },
    { title: 'two filters and a list', files: main('AddOutputFilterByType DEFLATE;BUFFER text/html') },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const name of ['addtype', 'addhandler', 'addencoding', 'addcharset', 'addlanguage'])
        for (const directive of everywhere(configuration, files, name)) yield* reversed(directive)
      for (const directive of everywhere(configuration, files, 'addoutputfilterbytype'))
        yield* byType(directive)
    }
  },
})

function* reversed(directive: ApacheDirective) {
  const [first = '', second] = directive.args.map(({ value }) => value)
  if (!/^\.[\w+-]+$/.test(first) || second === undefined || second.startsWith('.')) return
  if (!isSettled(second)) return
  yield {
    at: argumentPlace(directive, 0),
    message: `\`${first}\` is an extension and stands in the place of what files with the extension \`${second}\` are, so the line does nothing`,
    help: `write \`${directive.name} ${second} ${first}\``,
  }
}

function* byType(directive: ApacheDirective) {
  const words = directive.args.map(({ value }) => value)
  if (!words.every(isSettled)) return
  if (/^(?:text|application|image|font|audio|video)\/[\w.+-]+$/.test(words[0] ?? '')) {
    yield {
      at: argumentPlace(directive, 0),
      severity: 'error' as const,
      message: `there is no filter \`${words[0]}\`: the filter is the first word, and the media types follow`,
    }
    return
  }
  const index = words.findIndex((word, at) => at > 0 && /^\.?[a-z0-9]+$/i.test(word))
  if (index === -1 || !EXTENSIONS.test(words[index] ?? '')) return
  yield {
    at: argumentPlace(directive, index),
    message: `\`${words[index]}\` is no media type, so no answer is filtered for it`,
    help: 'write `text/html`, `text/css` and their like',
  }
}

const EXTENSIONS =
  /^\.?(?:html?|css|js|json|xml|svg|txt|php|ico|png|jpe?g|gif|woff2?|ttf|otf|eot|rss|atom|pdf)$/i
