import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readEcosystem } from '../../../parsers/app-server/pm2-ecosystem.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { value } from './commands.ts'

const read = (text: string) => readEcosystem(textSource('/srv/ecosystem.config.js', text))
const words = (text: string) =>
  read(`module.exports = { apps: [{ ${text} }] }`).map(app => app.words.map(word => word.text))

test('what is started, by which interpreter', () => {
  assert.equal(words("script: './dist/main.js'"), [['node', './dist/main.js']])
  assert.equal(words("script: 'npm', args: 'run start -- -p 3001'"), [
    ['npm', 'run', 'start', '--', '-p', '3001'],
  ])
  assert.equal(words("script: 'node_modules/next/dist/bin/next', args: ['start', 3001]"), [
    ['node_modules/next/dist/bin/next', 'start', '3001'],
  ])
  assert.equal(words("script: 'npm start'"), [['/bin/sh', '-c', 'npm start']])
  assert.equal(words("script: 'main.py', interpreter: 'venv/bin/python'"), [['venv/bin/python', 'main.py']])
  assert.equal(words("script: 'main.py'"), [['python', 'main.py']])
  assert.equal(words("script: './bin/www'"), [['node', './bin/www']])
  assert.equal(words('script: path.join(__dirname, "a.js")'), [])
})

test('JSON, and files of something else', () => {
  assert.equal(
    read('{ "apps": [{ "name": "a", "script": "a.js", "env": { "PORT": 1 } }] }').map(
      ({ name, environment }) => [name, value(environment('PORT'))],
    ),
    [['a', '1']],
  )
  assert.equal(read('module.exports = { plugins: [] }'), [])
  assert.is(read('module.exports = { apps: [{ script: "a.js", env: {').length, 1)
})

test('variables that hold whichever environment PM2 is told of', () => {
  const [app] = read(`module.exports = { apps: [{
    script: 'a.js',
    env: { PORT: 3000, HOST: '::', TOKEN: process.env.TOKEN },
    env_production: { PORT: 3001, NODE_ENV: "production" },
  }] }`)
  assert.equal(
    ['PORT', 'HOST', 'TOKEN', 'NODE_ENV', 'OTHER'].map(name => value(app!.environment(name))),
    ['?', '::', '?', 'production', '?'],
  )
  const told = app!.environmentWith('production')
  assert.equal(
    ['PORT', 'HOST', 'TOKEN', 'NODE_ENV', 'OTHER'].map(name => value(told(name))),
    ['3001', '::', '?', 'production', '?'],
  )
  assert.is(value(app!.environmentWith('staging')('HOST')), '::')
})

test('processes that share a port, and those that do not', () => {
  const forks = (text: string) =>
    read(`module.exports = { apps: [{ script: 'a.js', ${text} }] }`).map(app => [
      app.forks,
      app.instances === null ? null : value(app.instances),
    ])[0]
  assert.equal(forks('instances: 2'), [false, 2])
  assert.equal(forks("instances: 'max', exec_mode: 'cluster'"), [false, Number.POSITIVE_INFINITY])
  assert.equal(forks("instances: 2, exec_mode: 'fork'"), [true, 2])
  assert.equal(forks("instances: process.env.N, exec_mode: 'fork'"), [true, '?'])
  assert.equal(forks(''), [true, null])
})

test.run()
