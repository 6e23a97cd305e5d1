import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { surroundings } from '../../tools/surroundings/surroundings.ts'

const laid = (name: string, path: string, text: string): string | null => {
  const lay = surroundings.get(name)
  if (lay === undefined) throw new RangeError(name)
  return lay({ [path]: text })?.[path] ?? null
}

test('the port of a script is said in other words', () => {
  const script = (name: string) => laid(name, 'server.js', "app.listen(3000, '::')\n")
  assert.is(script('nodePortDefault'), "const port = process.env.OUR_PORT || 3000\napp.listen(port, '::')\n")
  assert.is(
    script('nodePortOfObject'),
    "const config = { port: 3000, name: 'shop' }\napp.listen(config.port, '::')\n",
  )
  assert.is(laid('nodePortDefault', 'server.js', 'app.listen(port)\n'), null)
})

test('constants of WordPress are defined unless they are there', () => {
  const config = (name: string) => laid(name, 'wp-config.php', "<?php\ndefine( 'WP_DEBUG', true );\n")
  assert.is(config('wpOrDefined'), "<?php\ndefined('WP_DEBUG') || define( 'WP_DEBUG', true );\n")
  assert.is(config('wpConst'), '<?php\nconst WP_DEBUG = true;\n')
})

test('properties become YAML, and YAML properties', () => {
  const lay = (name: string, files: Readonly<Record<string, string>>) => surroundings.get(name)?.(files)
  const properties = { 'application.properties': 'server.port=80\nserver.ssl.enabled=true\n' }
  const yaml = { 'application.yml': 'server:\n  port: 80\n  ssl:\n    enabled: true\n' }
  assert.equal(lay('springYaml', properties), yaml)
  assert.equal(lay('springProperties', yaml), properties)
  assert.is(
    lay('springYaml', { ...properties, 'run.sh': 'java --spring.config.location=application.properties\n' }),
    null,
  )
})

test('an application of Flask is imported by its module', () => {
  assert.is(
    laid('flaskModule', 'app.py', 'from flask import Flask\napp = Flask(__name__)\n'),
    'import flask\napp = flask.Flask(__name__)\n',
  )
})

test.run()
