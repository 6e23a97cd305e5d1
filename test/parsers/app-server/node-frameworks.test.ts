import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readAppServer } from '../../../parsers/app-server/read-app-server.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { appFiles, binds, command, server } from './commands.ts'

const SVELTE = {
  '/srv/app/svelte.config.js':
    "import adapter from '@sveltejs/adapter-node'\nexport default { kit: { adapter: adapter() } }\n",
}

test('SvelteKit: the environment, a socket, its default', () => {
  assert.equal(binds(server('node build', { files: SVELTE })), ['http 0.0.0.0:3000'])
  assert.equal(binds(server('node ./build/index.js', { files: SVELTE })), ['http 0.0.0.0:3000'])
  const environment = { HOST: '127.0.0.1', PORT: '8080' }
  assert.equal(binds(server('node build', { files: SVELTE, environment })), ['http 127.0.0.1:8080'])
  assert.equal(binds(server('node build', { files: SVELTE, environment: { PORT: null } })), ['http ?'])
  const socket = { SOCKET_PATH: '/run/app.sock' }
  assert.equal(binds(server('node build', { files: SVELTE, environment: socket })), [
    'http unix:/run/app.sock',
  ])
})

test('SvelteKit: another adapter, variables of other names, no project', () => {
  const read = (text: string) => server('node build', { files: { '/srv/app/svelte.config.js': text } })
  assert.is(read("import adapter from '@sveltejs/adapter-static'\n"), null)
  assert.is(read("import adapter from '@sveltejs/adapter-node'\nadapter({ envPrefix: 'MY_' })\n"), null)
  assert.is(server('node build'), null)
  assert.is(server('node build/server.js', { files: SVELTE }), null)
})

test('SvelteKit in an image, by the project that it is built of', () => {
  const built = () => Object.entries(SVELTE).map(([path, text]) => textSource(path, text))
  const found = readAppServer(command('node build', { directory: '/app' }), { ...appFiles(), built })
  assert.equal(binds(found), ['http 0.0.0.0:3000'])
})

test('Nitro of Nuxt: its own variables before the others', () => {
  const line = 'node .output/server/index.mjs'
  assert.equal(binds(server(line)), ['http :::3000'])
  assert.equal(binds(server(line, { environment: { PORT: '80', NITRO_PORT: '81' } })), ['http :::81'])
  assert.equal(binds(server(line, { environment: { HOST: '127.0.0.1' } })), ['http 127.0.0.1:3000'])
  assert.equal(binds(server('node /app/.output/server/index.mjs', { directory: null })), ['http :::3000'])
})

test('Astro: the loopback where neither the environment nor the project says another', () => {
  const astro = (more: string, environment = {}) =>
    binds(
      server('node dist/server/entry.mjs', {
        files: {
          '/srv/app/astro.config.mjs': `defineConfig({ adapter: node({ mode: 'standalone' }), ${more} })`,
        },
        environment,
      }),
    )
  assert.equal(astro(''), ['http localhost:4321'])
  assert.equal(astro('', { HOST: '0.0.0.0' }), ['http 0.0.0.0:4321'])
  assert.equal(astro('', { SERVER_CERT_PATH: '/a.pem' }), ['https localhost:4321'])
  assert.equal(astro('server: { host: true, port: 8085 }'), ['http 0.0.0.0:8085'])
  assert.equal(astro("server: { host: '127.0.0.1' }"), ['http 127.0.0.1:4321'])
  assert.equal(astro('server: { port: own }'), [])
  assert.equal(astro('server: choose'), [])
  const other = { '/srv/app/astro.config.mjs': "node({ mode: 'middleware' })" }
  assert.is(server('node dist/server/entry.mjs', { files: other }), null)
})

test('a script of package.json that runs itself, or those of the packages below it', () => {
  const run = (dev: string, line = 'npm run dev') =>
    server(line, {
      files: { '/srv/app/package.json': `{"scripts":{"dev":"${dev}","start":"pnpm run dev"}}`, ...SVELTE },
    })
  assert.equal(binds(run('node build', 'npm start')), ['http 0.0.0.0:3000'])
  for (const line of ['npm run dev', 'yarn dev --port 1', 'pnpm start', 'NODE_ENV=production npm run dev'])
    assert.is(run(line), null)
  assert.is(run('node build', 'pnpm run --parallel --recursive dev'), null)
})

test('the servers of Remix and React Router', () => {
  assert.equal(binds(server('remix-serve build/server/index.js')), ['http :::3000'])
  const environment = { PORT: '80', HOST: '127.0.0.1' }
  assert.equal(binds(server('npx react-router-serve ./build/server/index.js', { environment })), [
    'http 127.0.0.1:80',
  ])
})

test.run()
