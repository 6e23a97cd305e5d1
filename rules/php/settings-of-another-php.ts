import type { ApacheLineNode } from '../../parsers/apache/syntax.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { apacheMain } from '../_examples.ts'
import { permitsPhp8, requiredPhp } from './_composer-php.ts'
import { linesBesidePhpSettings, PHP_SETTING } from './_php-settings.ts'

const LIMITS = conf`
  php_value upload_max_filesize 64M
  php_value post_max_size 70M
`
const site = (htaccess: string, module = 'php_module', lines = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      LoadModule ${module} /usr/lib/apache2/modules/libphp.so
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          AllowOverride All
          Require all granted
      </Directory>
      ${lines}
    `,
    ['mpm_prefork'],
  ),
  'srv/www/index.php': '<?php\n',
  'srv/www/.htaccess': htaccess,
})
const section = (module: string, lines = LIMITS): string => conf`
  <IfModule ${module}>
      ${lines}
  </IfModule>
`

export default defineRule({
  summary: 'Settings of PHP stand in a section for the module of another PHP',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'The module is `mod_php5.c` with PHP 5, `mod_php7.c` with PHP 7 and `mod_php.c` since PHP 8. httpd passes over the section of another one without a word, so that the limit of uploads stays at 2 MB, and a session lives as long as before the line was written.',
  remedy: 'Write `<IfModule mod_php.c>`, beside the other section where both releases are in use',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/core.html#ifmodule',
    'https://www.php.net/manual/en/migration80.incompatible.php',
  ],
  unproven: 'The live tests run PHP by FPM alone; the section of a module that is not loaded is httpd’s own',
  bad: [
    { title: 'of PHP 7, with PHP 8', files: site(section('«mod_php7.c»')) },
    {
      title: 'by the identifier, and of PHP 8 with PHP 7',
      files: site(section('«php_module»'), 'php7_module'),
    },
    {
      title: 'one setting that only the section of PHP 5 has',
      files: site(
        `${section('mod_php.c')}${section('«mod_php5.c»', `${LIMITS}\nphp_value session.gc_maxlifetime 86400`)}`,
      ),
    },
    {
      title: 'in a file of the server',
      files: {
        ...site(''),
        'etc/apache2/apache2.conf':
          site('', 'php_module', section('«mod_php7.c»'))['etc/apache2/apache2.conf'] ?? '',
      },
    },
    {
      title: 'in an image of PHP 8',
      files: {
        Dockerfile: 'FROM php:8.2-apache\nCOPY . /var/www/html/\n',
        'index.php': '<?php\n',
        '.htaccess': section('«mod_php7.c»'),
      },
    },
    {
      title: 'a .htaccess alone, in a project that runs on PHP 8',
      files: {
        'public/.htaccess': section('«mod_php7.c»'),
        'composer.json': '{ "require": { "ext-gd": "*", "php": "^7.4|^8.0" } }\n',
      },
    },
  ],
  good: [
    { title: 'the section of the module that is there', files: site(section('mod_php.c')) },
    { title: 'for both', files: site(section('mod_php7.c') + section('mod_php.c')) },
    { title: 'for no module', files: site(LIMITS + section('mod_php7.c')) },
    { title: 'where the module is not there', files: site(section('!mod_php7.c')) },
    {
      title: 'what an application brings for old releases, which changes nothing today',
      files: site(section('mod_php5.c', 'php_flag magic_quotes_gpc off\nphp_value mbstring.http_input pass')),
    },
    {
      title: 'PHP by FPM, which has settings of its own',
      files: site(section('mod_php7.c'), 'proxy_module'),
    },
    { title: 'a .htaccess alone', files: { '.htaccess': section('mod_php7.c') } },
    {
      title: 'a .htaccess alone, in a project of older days',
      files: {
        '.htaccess': section('mod_php7.c'),
        'composer.json': '{ "require": { "php": ">=7.1 <8.0" }, "require-dev": { "php": "^8.0" } }\n',
      },
    },
    {
      title: 'a .htaccess alone that PHP 8 reads as well',
      files: {
        '.htaccess': section('mod_php7.c') + section('php_module'),
        'composer.json': '{ "require": { "php": ">=7.4" } }\n',
      },
    },
  ],
  *check({ apache, filesOf }) {
    const told = new Set<Source>()
    for (const configuration of apache) {
      if (!configuration.modulesComplete) yield* ofUnknownServers(configuration, filesOf(configuration))
      if (!configuration.modulesComplete || !runsModule(configuration)) continue
      const inDirectories = htaccessFiles(configuration, filesOf(configuration)).flatMap(
        ({ file, overrides }) => (overrides.known && overrides.value.reads ? file.source : []),
      )
      for (const source of [...configuration.sources, ...inDirectories]) {
        if (told.has(source) || source.template) continue
        told.add(source)
        for (const { word, setting } of passedOver(configuration.modules, source))
          yield {
            at: { source, start: word.start, end: word.end },
            message: `the module of this PHP is not called \`${word.value}\`, so \`${setting}\` is not set`,
            label: 'passed over',
            help: `Write \`${NAMES.get(loadedModule(configuration)) ?? 'mod_php.c'}\``,
          }
      }
    }
  },
})

/** What a `.htaccess` says to every PHP but the one that its project requires. */
function* ofUnknownServers(configuration: ApacheConfiguration, files: FileSystem): Generator<RuleFinding> {
  for (const { file, overrides, directory } of htaccessFiles(configuration, files)) {
    if (!overrides.known || !overrides.value.reads || file.source.template) continue
    const lost = passedOver(PHP_8, file.source)
    const required = lost.length === 0 ? null : requiredPhp(files, directory)
    if (required === null || !permitsPhp8(required)) continue
    for (const { word, setting } of lost)
      yield {
        at: { source: file.source, start: word.start, end: word.end },
        confidence: 'medium',
        message: `the module of PHP 8 is not called \`${word.value}\`, so \`${setting}\` is not set there`,
        label: 'passed over',
        related: [{ at: required.at, message: 'the project runs on PHP 8' }],
        help: 'Write `mod_php.c`',
      }
  }
}

const PHP_8: ReadonlySet<string> = new Set(['php_module'])

/** The modules of PHP by their identifiers, with the names of their source files. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['php_module', 'mod_php.c'],
  ['php7_module', 'mod_php7.c'],
  ['php5_module', 'mod_php5.c'],
])

function loadedModule({ modules }: ApacheConfiguration): string {
  return [...NAMES.keys()].find(id => modules.has(id)) ?? ''
}

function runsModule(configuration: ApacheConfiguration): boolean {
  return loadedModule(configuration) !== ''
}

/** Settings whose loss somebody notices. */
const OF_WEIGHT =
  /^(?:upload_max_filesize|post_max_size|memory_limit|max_execution_time|max_input_(?:time|vars)|max_file_uploads|auto_(?:pre|ap)pend_file|include_path|open_basedir|disable_functions|display_errors|error_log|date\.timezone|session\.[\w.]+|opcache\.[\w.]+)$/i

interface PhpSetting {
  readonly setting: string
  /** The word of the `IfModule` around it that names a PHP; null where none does. */
  readonly word: ApacheLineNode['words'][number] | null
}

const settingsIn = memo((source: Source): readonly PhpSetting[] =>
  [...linesBesidePhpSettings(source)].flatMap(({ line: { name, words }, ifModules }) => {
    if (!PHP_SETTING.test(name.value)) return []
    const word = ifModules.map(each => each.words[0]).find(each => moduleNamed(each?.value ?? '') !== null)
    return [{ setting: words[0]?.value.toLowerCase() ?? '', word: word ?? null }]
  }),
)

/** `mod_php7.c`, `php7_module`: the identifier. */
function moduleNamed(name: string): string | null {
  for (const [id, file] of NAMES) if (name === id || name === file) return id
  return null
}

/** What is set in sections that are passed over alone, once a section. */
function passedOver(
  modules: Pick<ReadonlySet<string>, 'has'>,
  source: Source,
): readonly { readonly setting: string; readonly word: ApacheLineNode['words'][number] }[] {
  const settings = settingsIn(source)
  const isSet = new Set(
    settings
      .filter(({ word }) => word === null || modules.has(moduleNamed(word.value) ?? ''))
      .map(({ setting }) => setting),
  )
  const seen = new Set<unknown>()
  return settings.flatMap(({ setting, word }) => {
    if (word === null || isSet.has(setting) || !OF_WEIGHT.test(setting) || seen.has(word)) return []
    seen.add(word)
    return [{ setting, word }]
  })
}
