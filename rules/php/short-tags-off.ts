import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { modPhpSetting } from '../../src/deployment/mod-php.ts'
import { askedHosts } from '../../src/deployment/requests/ask-host.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, filesBelow, sourceAt } from '../../src/files/file-system.ts'
import { loadsPhp } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import type { Fact } from '../../src/servers/fact.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { apacheMain } from '../_examples.ts'
import { phpPool, phpSite } from './_examples.ts'
import { phpBehind } from './_php-behind.ts'
import { documentRoot as rootOfNginx } from './_script-directory.ts'
import { shortTagIn } from './_short-tags.ts'

const PAGE = conf`
  <?
  require 'header.php';
  ?>
  <h1>Products</h1>
`

const fpm = (page: string, setting: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite(),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  'etc/php/8.2/fpm/php.ini': conf`
    [PHP]
    short_open_tag = ${setting}
  `,
  'srv/www/index.php': page,
})

const image = (lines: string): Record<string, string> => ({
  Dockerfile: conf`
    FROM php:8.3-apache
    ${lines}
    COPY src/ /var/www/html/
  `,
  'src/index.php': PAGE,
})

export default defineRule({
  summary: 'Pages open PHP by `<?`, and `short_open_tag` is off',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [540],
  since: '0.1.0',
  why: 'With `short_open_tag = Off`, as `php.ini-production`, `php.ini-development` and the packages of Debian have it, PHP takes `<?` for text: the code does not run, and the client gets its source.',
  remedy: 'Write `<?php` in place of `<?`, or `short_open_tag = On`',
  references: [
    'https://www.php.net/manual/en/ini.core.php#ini.short-open-tag',
    'https://www.php.net/manual/en/language.basic-syntax.phptags.php',
  ],
  bad: [
    { title: 'a page behind PHP-FPM', files: fpm(PAGE, '«Off»') },
    {
      title: 'a template between tags in full',
      files: fpm('<?php $user = "anna"; // a ?>\n<p>Hello <? echo $user; ?></p>\n', '«0»'),
    },
    {
      title: 'in the module of Apache',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so
            Listen 80
            DocumentRoot /srv/www
          `,
          ['mpm_prefork', 'dir', 'mime'],
        ),
        'etc/php/8.2/apache2/php.ini': conf`
          [PHP]
          short_open_tag = «Off»
        `,
        'srv/www/shop/index.php': PAGE,
      },
    },
    {
      title: 'a file of an image',
      files: {
        ...image('COPY docker/php.ini /usr/local/etc/php/php.ini'),
        'docker/php.ini': conf`
          [PHP]
          short_open_tag = «Off»
        `,
      },
    },
    {
      title: 'the settings of PHP for production',
      files: image('«RUN» mv "$PHP_INI_DIR/php.ini-production" "$PHP_INI_DIR/php.ini"'),
    },
  ],
  good: [
    { title: 'turned on', files: fpm(PAGE, 'On') },
    {
      title: 'tags in full',
      files: fpm(
        '<?xml version="1.0"?>\n<?php echo "<? echo 1 ?>"; # it\'s\n?>\n<?= $a ?>\n<?php $b = <<<X\n?> <? x\nX;\n',
        'Off',
      ),
    },
    {
      title: 'turned on by the pool',
      files: {
        ...fpm(PAGE, 'Off'),
        'etc/php/8.2/fpm/pool.d/www.conf': phpPool('php_flag[short_open_tag] = on'),
      },
    },
    {
      title: 'turned on for the directory',
      files: { ...fpm(PAGE, 'Off'), 'srv/www/.user.ini': 'short_open_tag = On\n' },
    },
    { title: 'an image without a php.ini', files: image('RUN a2enmod rewrite') },
    {
      title: 'turned on behind the settings for production',
      files: image(conf`
        RUN mv "$PHP_INI_DIR/php.ini-production" "$PHP_INI_DIR/php.ini"
        RUN echo "short_open_tag = On" > /usr/local/etc/php/conf.d/tags.ini
      `),
    },
    {
      title: 'a library of others',
      files: { ...fpm('<?php echo 1;\n', 'Off'), 'srv/www/vendor/old/page.php': PAGE },
    },
  ],
  *check(deployment) {
    const seen = new Set<string>()
    for (const { files, root, off } of scriptsWithoutShortTags(deployment)) {
      const [first, ...others] = pagesWithShortTags(files, root)
      const key = `${off.source.path}:${off.start}`
      if (first === undefined || seen.has(key)) continue
      seen.add(key)
      yield {
        at: off,
        message: `PHP takes \`<?\` for text, so the code in \`${posix.basename(first.source.path)}\` does not run and its source is sent`,
        label: 'turns `<?` off',
        related: [first, ...others.slice(0, MOST_SHOWN - 1)].map(at => ({
          at,
          message: 'opens PHP by `<?`',
        })),
      }
    }
  },
})

const MOST_SHOWN = 3
/** So many scripts of a site are looked at. */
const MOST_READ = 400
const FOREIGN =
  /^(?:vendor|node_modules|\.git|tests?|docs?|examples?|third[-_]?party|lib(?:s|raries|rary)?)$/i

interface Scripts {
  readonly files: FileSystem
  readonly root: string
  /** What turns short tags off. */
  readonly off: Place
}

function* scriptsWithoutShortTags(deployment: Deployment): Iterable<Scripts> {
  for (const connection of deployment.connections.nginx) {
    const { pass, from } = connection
    const root = pass.name === 'fastcgi_pass' ? rootOfNginx(connection) : null
    if (root === null || setsByRequest(from.configuration.occurrences.get('fastcgi_param'))) continue
    for (const { setting, machine } of phpBehind(deployment, connection)) {
      const files = (machine ?? from.machine).files
      const off = offAt(setting('short_open_tag'), machine?.container ?? null)
      if (off !== null) yield { files, root, off }
    }
  }
  for (const { configuration, host } of askedHosts(deployment)) {
    if (!loadsPhp(configuration)) continue
    const files = deployment.filesOf(configuration)
    const root = documentRoot({ configuration, host })
    const flags = ['php_flag', 'php_admin_flag'].flatMap(name => everywhere(configuration, files, name))
    if (!root.known || setsByRequest(flags)) continue
    const machine = deployment.machines.find(each => each.files === files)
    const place = { configuration, directive: host?.directive ?? null }
    const off = offAt(modPhpSetting(deployment, place, 'short_open_tag'), machine?.container ?? null)
    if (off !== null) yield { files, root: fromBytes(root.value), off }
  }
}

/** True where a line of the server says something of it, for some requests or all. */
function setsByRequest(
  lines: readonly { readonly args: readonly { readonly value: string }[] }[] = [],
): boolean {
  return lines.some(({ args }) => args.some(({ value }) => value.includes('short_open_tag')))
}

/** Where it is turned off; null where it is not, or nobody knows. */
function offAt(setting: Fact<string> | null, container: Container | null): Place | null {
  if (setting === null) return container === null ? null : stockIniAt(container)
  return setting.known && setting.at !== null && /^(?:off|0|no|false|none|)$/i.test(setting.value)
    ? setting.at
    : null
}

/** The step of an image that takes one of the files that come with PHP; null where some step may say otherwise. */
function stockIniAt({ image, base }: Container): Place | null {
  if (base !== 'php' || image === null) return null
  const runs = image.steps.flatMap(step => ('sources' in step ? [] : [step]))
  if (runs.some(({ command }) => commandText(command).includes('short_open_tag'))) return null
  return runs.find(({ command }) => STOCK.test(commandText(command)))?.at ?? null
}

const STOCK =
  /\b(?:mv|cp|ln)\b[^;&|\n]*php\.ini-(?:production|development)["']?\s+\S*php\.ini["']?\s*(?:$|[;&|\n])/

const pagesWithShortTags = memoByKey((files: FileSystem, root: string): readonly Place[] => {
  const found: Place[] = []
  let read = 0
  for (const path of filesBelow(files, root, { levels: 4, skipped: FOREIGN })) {
    if (
      posix.basename(path) === '.user.ini' &&
      sourceAt(files, path)?.text.includes('short_open_tag') === true
    )
      return []
    if (!/\.(?:php|phtml)$/.test(path) || read++ >= MOST_READ) continue
    const source = sourceAt(files, path)
    const tag = source === null ? null : shortTagIn(source)
    if (tag !== null) found.push(tag)
  }
  return found
})
