import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readAppServer } from '../../../parsers/app-server/read-app-server.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { appFiles, binds, command, type CommandOptions } from './commands.ts'

interface Built extends CommandOptions {
  readonly built?: Readonly<Record<string, string>>
}

function server(line: string, { built = {}, ...options }: Built = {}) {
  return readAppServer(command(line, options), {
    ...appFiles(options),
    built: () => Object.entries(built).map(([path, text]) => textSource(path, text)),
  })
}

const CS = { '/src/Program.cs': 'builder.Build().Run();' }

test('Kestrel: its option, its environment, what the image brings', () => {
  const urls = (ASPNETCORE_URLS: string): readonly string[] =>
    binds(server('dotnet Shop.dll', { environment: { ASPNETCORE_URLS }, built: CS }))
  assert.equal(urls('http://+:5000'), ['http :::5000'])
  assert.equal(urls('http://*:80;https://*:443'), ['http :::80', 'https :::443'])
  assert.equal(urls('http://localhost:5000/'), ['http localhost:5000'])
  assert.equal(urls('http://0.0.0.0'), ['http 0.0.0.0:80'])
  assert.equal(urls('http://[::1]:81'), ['http ::1:81'])
  assert.equal(urls('http://unix:/run/k.sock'), ['http ?'])
  const ports = { environment: { ASPNETCORE_HTTP_PORTS: '8080;8081' }, built: CS }
  assert.equal(binds(server('dotnet Shop.dll', ports)), ['http :::8080', 'http :::8081'])
  assert.equal(binds(server('dotnet Shop.dll --urls http://*:90', ports)), ['http :::90'])
  assert.is(server('dotnet Shop.dll', { built: CS }), null)
  assert.is(server('dotnet run', ports), null)
  const own = { '/src/appsettings.json': '{ "Kestrel": { "Endpoints": {} } }' }
  assert.is(server('dotnet Shop.dll', { ...ports, built: { ...CS, ...own } }), null)
})

const POM = { '/src/pom.xml': '<artifactId>spring-boot-starter-web</artifactId>' }
const MAIN = '/src/src/main/resources/application'

test('Spring Boot: arguments, environment, profiles, files', () => {
  const spring = (line: string, files: Readonly<Record<string, string>>, environment = {}) =>
    binds(server(line, { environment, built: { ...POM, ...files } }))
  const yaml = { [`${MAIN}.yml`]: 'spring:\n  port: 1\nserver:\n  port: 8081 # here\n  address: 127.0.0.1\n' }
  assert.equal(spring('java -jar a.jar', yaml), ['http 127.0.0.1:8081'])
  assert.equal(spring('java -Xmx1g -jar a.jar --server.port=82', yaml), ['http 127.0.0.1:82'])
  assert.equal(spring('java -Dserver.port=83 -jar a.jar', yaml), ['http 127.0.0.1:83'])
  assert.equal(spring('java -jar a.jar', yaml, { SERVER_PORT: '84' }), ['http 127.0.0.1:84'])
  const properties = { [`${MAIN}.properties`]: 'server.port=${PORT:8085}\n' }
  assert.equal(spring('java -jar a.jar', properties), ['http :::8085'])
  assert.equal(spring('java -jar a.jar', properties, { PORT: '86' }), ['http :::86'])
  assert.equal(spring('java -jar a.jar', properties, { PORT: null }), ['http ?'])
  const profile = { ...properties, [`${MAIN}-prod.properties`]: 'server.port=87\n' }
  assert.equal(spring('java -jar a.jar', profile, { SPRING_PROFILES_ACTIVE: 'prod' }), ['http :::87'])
  assert.equal(spring('java -jar a.jar', { [`${MAIN}.properties`]: 'a=b\n' }), ['http :::8080'])
  assert.equal(spring('java -jar a.jar', {}), [])
  assert.equal(spring('java -jar a.jar', { [`${MAIN}.yml`]: 'management:\n  server:\n    port: 1\n' }), [])
  assert.is(server('java -jar a.jar', { built: yaml }) === null, false)
  assert.is(server('java -cp x Main'), null)
})

const DOCKERFILE = { '/src/Dockerfile': 'RUN go build -o /bin/api .\n' }

test('Go: the one address of the source', () => {
  const go = (code: string, line = '/bin/api') =>
    server(line, { built: { ...DOCKERFILE, '/src/main.go': code } })
  const found = go('func main() { http.ListenAndServe("127.0.0.1:8080", nil) }')
  assert.equal(binds(found), ['http 127.0.0.1:8080'])
  assert.is(placeText(found!.binds[0]!.at!), '"127.0.0.1:8080"')
  assert.equal(binds(go('r.Run(":9000")')), ['http :::9000'])
  assert.equal(binds(go('srv := &http.Server{\n\tHandler: h,\n\tAddr: "localhost:81",\n}')), [
    'http localhost:81',
  ])
  assert.is(go('http.ListenAndServe(addr, nil)'), null)
  assert.is(go('r.Run(":1"); http.ListenAndServe(":2", nil)'), null)
  assert.is(go('cmd.Run()'), null)
  assert.is(go('r.Run(":1")', '/bin/other'), null)
  assert.is(server('/bin/api'), null)
})

test('the server that Next.js builds', () => {
  const built = { '/src/Dockerfile': 'COPY --from=b /app/.next/standalone ./\n' }
  const next = (environment: Readonly<Record<string, string>>) =>
    binds(server('node server.js', { environment, built }))
  assert.equal(next({ HOSTNAME: '0.0.0.0', PORT: '80' }), ['http 0.0.0.0:80'])
  assert.equal(next({ HOSTNAME: 'localhost' }), ['http localhost:3000'])
  assert.equal(next({}), ['http ?'])
  assert.is(server('node server.js'), null)
})

test.run()
