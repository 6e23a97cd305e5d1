import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { phpCode, phpSetting } from '../../../parsers/php/script.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { conf } from '../../../src/engine/conf.ts'

const source = (text: string) => textSource('/srv/www/config.php', text)
const settingOf = (text: string, name: string) => {
  const setting = phpSetting(source(text), name)
  return setting === undefined || setting === null ? setting : setting.value
}

test('comments are blanked, and nothing else', () => {
  const text = conf`
    <?php
    // define('A', 1);
    # define('B', 1);
    /* define('C',
       1); */
    define('URL', 'http://a'); // behind it
    #[Attribute]
    $mark = "it's # no comment";
  `
  const code = phpCode(source(text))
  assert.is(code.length, text.length)
  assert.not.match(code, /'A'|'B'|'C'|behind/)
  assert.match(code, /'http:\/\/a'\);/)
  assert.match(code, /#\[Attribute\]/)
  assert.match(code, /it's # no comment/)
})

test('settings of every form', () => {
  const text = conf`
    <?php
    define( 'WP_HOME', "https://example.org" );
    const DEBUG = false;
    $CFG->wwwroot = 'http://a';
    $CFG->wwwroot = 'http://b';
    $config['base_url'] = 'http://c/';
    $CONFIG = array (
      'overwritehost' => 'd',
      'port' => 8080,
    );
    class JConfig {
        public $live_site = 'it\'s';
        public string $baseURL = '';
    }
    $path = "/wiki/$1";
  `
  assert.is(settingOf(text, 'WP_HOME'), 'https://example.org')
  assert.is(settingOf(text, 'DEBUG'), false)
  assert.is(settingOf(text, '$CFG->wwwroot'), 'http://b')
  assert.is(settingOf(text, '$config[base_url]'), 'http://c/')
  assert.is(settingOf(text, 'overwritehost'), 'd')
  assert.is(settingOf(text, 'port'), 8080)
  assert.is(settingOf(text, '$live_site'), "it's")
  assert.is(settingOf(text, '$baseURL'), '')
  assert.is(settingOf(text, '$path'), '/wiki/$1')
  assert.is(settingOf(text, '$missing'), null)
})

test('a constant keeps its first value', () => {
  const text = conf`
    <?php
    define('HOME', 'a');
    define('HOME', 'b');
  `
  assert.is(settingOf(text, 'HOME'), 'a')
})

test('what is computed or conditional is not known', () => {
  for (const line of [
    "define('HOME', 'http://' . $_SERVER['HTTP_HOST']);",
    "define('HOME', getenv('HOME'));",
    `define('HOME', "http://$host");`,
    "if (PHP_SAPI === 'cli') define('HOME', 'a');",
    "if ($local) {\n    define('HOME', 'a');\n}",
    "require 'local.php';\ndefined('HOME') || define('HOME', 'a');",
    "function set() { define('HOME', 'a'); }",
    "define('HOME', $local ? 'a' : 'b');",
  ])
    assert.is(settingOf(`<?php\n${line}\n`, 'HOME'), undefined, line)
})

test('the place is that of the value, without its quotes', () => {
  const setting = phpSetting(source("<?php\n$live_site = 'http://a' ;\n"), '$live_site')
  assert.is(setting === undefined || setting === null ? null : placeText(setting.at), 'http://a')
})

test('any text is read', () => {
  const piece = fc.constantFrom(
    "'",
    '"',
    '\\',
    '/*',
    '*/',
    '//',
    '#',
    '{',
    '}',
    ';',
    'define(',
    '$a=',
    'if',
    '\n',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }), pieces => {
      const text = pieces.join('')
      const code = phpCode(source(text))
      assert.is(code.length, text.length)
      for (const name of ['A', '$a']) {
        const setting = phpSetting(source(text), name)
        if (setting != null) assert.ok(setting.at.start <= setting.at.end && setting.at.end <= text.length)
      }
    }),
  )
})

test('a constant that is defined unless it is there has that value', () => {
  const value = (code: string) => phpSetting(source(`<?php\n${code}\n`), 'A')?.value
  assert.is(value("if ( ! defined( 'A' ) ) {\n\tdefine( 'A', 'b' );\n}"), 'b')
  assert.is(value('if (!defined("A")) define("A", "b");'), 'b')
  assert.is(value("defined('A') || define('A', 'b');"), 'b')
  assert.is(value("defined('A') or define('A', 'b');"), 'b')
  assert.is(value("define('A', 'a');\ndefined('A') or define('A', 'b');"), 'a')
  assert.is(value("require 'local.php';\ndefined('A') or define('A', 'b');"), undefined)
  assert.is(value("if (!defined('B')) { define('A', 'b'); }"), undefined)
  assert.is(value("if ($x) { if (!defined('A')) { define('A', 'b'); } }"), undefined)
  assert.is(value("if (!defined('A')) { define('B', 1); define('A', 'b'); }"), undefined)
})

test.run()
