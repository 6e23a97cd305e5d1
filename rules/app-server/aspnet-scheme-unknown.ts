import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { directoriesAbove } from '../../parsers/text/directories-above.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { AppServerProgram, Machine, NginxConnection, Target } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { filesBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { nginxMain, tlsServer } from '../_examples.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'

const program = (
  options: string,
  use = 'app.UseForwardedHeaders();\napp.UseHttpsRedirection();',
): string => conf`
  using Microsoft.AspNetCore.HttpOverrides;

  var builder = WebApplication.CreateBuilder(args);
  builder.Services.AddControllers();
  ${options}

  var app = builder.Build();
  ${use}
  app.MapControllers();
  app.Run();
`
const OPTIONS = conf`
  builder.Services.Configure<ForwardedHeadersOptions>(options =>
  {
      options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
  });
`
const containers = (
  cs: string,
  environment = 'ASPNETCORE_ENVIRONMENT: Production',
  listen = '443 ssl',
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        build: ./web
        environment:
          ${environment}
      nginx:
        image: nginx:1.27
        ports: ["443:443"]
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          - ./certificates:/etc/ssl/site:ro
  `,
  'site.conf': conf`
    server {
        listen ${listen};
        server_name example.org;
        ssl_certificate /etc/ssl/site/example.org.pem;
        ssl_certificate_key /etc/ssl/site/example.org.key;
        location / {
            proxy_pass http://web:8080;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
    }
  `,
  'certificates/': '',
  'web/Program.cs': cs,
  'web/Dockerfile': conf`
    FROM mcr.microsoft.com/dotnet/sdk:8.0 AS build
    WORKDIR /src
    COPY . .
    RUN dotnet publish -c Release -o /out

    FROM mcr.microsoft.com/dotnet/aspnet:8.0
    WORKDIR /app
    COPY --from=build /out .
    ENTRYPOINT ["dotnet", "Shop.dll"]
  `,
})

/** A unit beside the project that is published to where it starts it. */
const unit = (use: string, variable: string): Record<string, string> => ({
  'deploy/nginx/site.conf': tlsServer(conf`
    location / {
        proxy_pass http://127.0.0.1:5000;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
  `),
  'deploy/web.service': conf`
    [Service]
    WorkingDirectory=/var/www/web
    ExecStart=/usr/bin/dotnet /var/www/web/Shop.Web.dll
    Environment=ASPNETCORE_URLS=http://127.0.0.1:5000
    Environment=${variable}
  `,
  'src/Shop.Web/Shop.Web.csproj': '<Project Sdk="Microsoft.NET.Sdk.Web" />\n',
  'src/Shop.Web/Program.cs': program('', use),
})

export default defineRule({
  summary: 'ASP.NET Core does not learn that the client came by TLS',
  severity: 'warning',
  otherSeverities: { error: 'where it redirects every request to itself' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `UseForwardedHeaders` ASP.NET Core takes a request of nginx for plain HTTP, and with it believes the headers of loopback alone: nginx in another container is not among `KnownProxies`. `UseHttpsRedirection` then redirects what came by TLS for ever, cookies for TLS alone are not set, and links and the `redirect_uri` of a login begin with `http://`.',
  remedy:
    'Call `app.UseForwardedHeaders()` first, name the network of nginx in `KnownNetworks` (or clear it and `KnownProxies`, where nobody else connects), or set `ASPNETCORE_FORWARDEDHEADERS_ENABLED=true`',
  references: [
    'https://learn.microsoft.com/aspnet/core/host-and-deploy/proxy-load-balancer',
    'https://learn.microsoft.com/aspnet/core/security/enforcing-ssl',
  ],
  unproven: 'The machines of the live tests have no .NET',
  bad: [
    {
      title: 'headers of another container',
      files: containers(
        program(OPTIONS)
          .replace('app.UseForwardedHeaders', 'app.«UseForwardedHeaders»')
          .replace('app.UseHttpsRedirection();\n', ''),
      ),
    },
    {
      title: 'headers of another container, and a redirect',
      files: containers(
        program(OPTIONS).replace('app.UseForwardedHeaders', 'app.«UseForwardedHeaders»'),
        'ASPNETCORE_HTTPS_PORT: "443"',
      ),
    },
    {
      title: 'the scheme alone, of a release that looks who sends it',
      files: containers(
        program(OPTIONS.replace('ForwardedHeaders.XForwardedFor | ', ''))
          .replace('app.UseForwardedHeaders', 'app.«UseForwardedHeaders»')
          .replace('app.UseHttpsRedirection();\n', ''),
      ),
    },
    {
      title: 'a redirect alone',
      files: containers(program('', 'app.«UseHttpsRedirection»();'), 'ASPNETCORE_HTTPS_PORTS: "443"'),
    },
    {
      title: 'a redirect alone, in a unit',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          tlsServer(conf`
            location / {
                proxy_pass http://127.0.0.1:5000;
                proxy_set_header Host $host;
                proxy_set_header X-Forwarded-Proto $scheme;
            }
          `),
        ),
        'etc/systemd/system/web.service': conf`
          [Service]
          WorkingDirectory=/srv/web
          ExecStart=/usr/bin/dotnet /srv/web/Web.dll
          Environment=ASPNETCORE_URLS=http://127.0.0.1:5000 ASPNETCORE_HTTPS_PORT=443
        `,
        'srv/web/Program.cs': program('', 'app.«UseHttpsRedirection»();'),
      },
    },
    {
      title: 'a redirect alone, in a unit that starts what another directory is published as',
      files: unit('app.«UseHttpsRedirection»();', 'ASPNETCORE_HTTPS_PORT=443'),
    },
  ],
  good: [
    {
      title: 'a unit, and a program that reads the headers',
      files: unit('app.UseForwardedHeaders();\napp.UseHttpsRedirection();', 'ASPNETCORE_HTTPS_PORT=443'),
    },
    { title: 'a unit that knows no port', files: unit('app.UseHttpsRedirection();', 'DOTNET_NOLOGO=true') },
    {
      title: 'networks that are cleared',
      files: containers(
        program(
          OPTIONS.replace(
            '});',
            '    options.KnownNetworks.Clear();\n    options.KnownProxies.Clear();\n});',
          ),
        ),
        'ASPNETCORE_HTTPS_PORT: "443"',
      ),
    },
    {
      title: 'headers of every proxy',
      files: containers(program(''), 'ASPNETCORE_FORWARDEDHEADERS_ENABLED: "true"'),
    },
    {
      title: 'a redirect to a port that nobody knows, which does nothing',
      files: containers(program('', 'app.UseHttpsRedirection();')),
    },
    {
      title: 'a release that takes the scheme of everybody, where the address is not asked for',
      files: {
        ...containers(program(OPTIONS.replace('ForwardedHeaders.XForwardedFor | ', ''))),
        'web/Dockerfile': conf`
          FROM mcr.microsoft.com/dotnet/aspnet:6.0
          WORKDIR /app
          COPY out .
          ENTRYPOINT ["dotnet", "Shop.dll"]
        `,
      },
    },
    { title: 'plain HTTP', files: containers(program(OPTIONS), undefined, '80') },
  ],
  *check({ connections, machines, programs }) {
    const isThere =
      machines.some(
        ({ container }) =>
          container !== null &&
          /\bdotnet\b/.test(container.image?.base.known === true ? container.image.base.value : ''),
      ) || programs.some(each => each.kind === 'app-server' && each.server.program === 'dotnet')
    if (!isThere) return
    for (const connection of connections.nginx) {
      if (!connection.server.tls) continue
      for (const target of connection.targets) {
        const application = applicationOf(target)
        const fault = application === null ? null : faultOf(application, connection, target.machine)
        if (fault === null) continue
        yield {
          at: fault.at,
          severity: fault.isLoop ? ('error' as const) : ('warning' as const),
          message: fault.message,
          label: fault.isLoop ? 'to itself' : 'not believed',
          related: [{ at: namePlace(connection.pass), message: 'nginx connects here' }],
        }
      }
    }
  },
})

interface Application {
  readonly sources: readonly Source[]
  /** The tag of the image that it runs in; null for a unit. */
  readonly release: string | null
  readonly environment: (name: string) => string | null
}

/** What a target is built of; null where it is no ASP.NET Core, or something may set more. */
function applicationOf({ machine, to }: Target): Application | null {
  const container = machine?.container ?? null
  if (container !== null) return builtApplication(container)
  if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') return null
  const { server, directory, environment, machine: own } = to.listener.program
  if (server.program !== 'dotnet' || directory?.known !== true) return null
  const installed = sourcesIn(own.files, directory.value)
  return {
    sources: installed.length > 0 ? installed : publishedFrom(to.listener.program),
    release: null,
    environment: name => {
      const value = environment(name)
      return value === null ? null : value.known ? value.value : '\uFFFD'
    },
  }
}

/** So far above a unit its repository ends. */
const LEVELS = 5

/** The sources of the one project around a unit that is published as the assembly which the unit starts. */
function publishedFrom({ server: { at }, machine: { files } }: AppServerProgram): readonly Source[] {
  const { code, path } = at.source
  const line = code.slice(
    at.start,
    code.indexOf('\n', at.end) === -1 ? undefined : code.indexOf('\n', at.end),
  )
  const assembly = /(?:^|[\s/])([\w.-]+)\.dll(?=["'\s]|$)/.exec(line)?.[1]
  if (assembly === undefined) return []
  for (const directory of directoriesAbove(path).slice(0, LEVELS)) {
    const projects = [...filesBelow(files, directory, REACH)].filter(each =>
      each.endsWith(`/${assembly}.csproj`),
    )
    if (projects.length === 1) return sourcesIn(files, posix.dirname(projects[0]!))
    if (projects.length > 1 || directory === '/' || files.kind(posix.join(directory, '.git')) !== null)
      return []
  }
  return []
}

function builtApplication({ service, image, hostFiles }: Container): Application | null {
  const context = service.build?.context
  if (image === null || context?.known !== true || !context.value.startsWith('/')) return null
  if (!image.base.known || !/\bdotnet\/(?:core\/)?(?:aspnet|sdk|runtime)/.test(image.base.value)) return null
  const given = serviceVariables(service, hostFiles)
  if (!given.complete) return null
  const variables = [...image.environment, ...given.variables]
  return {
    sources: sourcesIn(hostFiles, context.value),
    release: /:(.*)$/.exec(image.base.value)?.[1] ?? null,
    environment: name => {
      const found = variables.findLast(each => each.name === name)
      return found === undefined ? null : found.value?.known === true ? found.value.value : '\uFFFD'
    },
  }
}

const MOST = 200
const REACH = { levels: 2, skipped: /^(?:bin|obj|node_modules|wwwroot|tests?|\..*)$/i }
const seen = memo((_: FileSystem) => new Map<string, readonly Source[]>())

/** The sources of C# in a directory and two levels below it. */
function sourcesIn(files: FileSystem, directory: string): readonly Source[] {
  const before = seen(files).get(directory)
  if (before !== undefined) return before
  const found: Source[] = []
  for (const path of filesBelow(files, directory, REACH)) {
    if (found.length >= MOST) break
    const source = path.endsWith('.cs') ? sourceAt(files, path) : null
    if (source !== null) found.push(source)
  }
  seen(files).set(directory, found)
  return found
}

interface Fault {
  readonly at: Place
  readonly message: string
  readonly isLoop: boolean
}

function faultOf(
  { sources, release, environment }: Application,
  { from }: NginxConnection,
  machine: Machine | null,
): Fault | null {
  // Several applications of one repository read different settings.
  const mains = sources.filter(({ code }) =>
    /\b(?:CreateBuilder|CreateHostBuilder|CreateDefaultBuilder)\(/.test(code),
  )
  if (mains.length !== 1) return null
  if (environment('ASPNETCORE_FORWARDEDHEADERS_ENABLED') !== null) return null
  const all = sources.map(({ code }) => withoutComments(code)).join('\n')
  const forwarded = callIn(sources, 'UseForwardedHeaders')
  const redirect = callIn(sources, 'UseHttpsRedirection')
  if (/\.Request\.Scheme\s*=|UseCertificateForwarding|\bPathBase\s*=.*Scheme/.test(all)) return null
  const isRedirected = redirect !== null && !isConditional(redirect) && knowsPort(all, environment)
  const isOther = machine !== null && machine !== from.machine
  if (forwarded === null)
    return redirect !== null && isRedirected && !/ForwardedHeaders/.test(all)
      ? {
          at: redirect,
          message:
            'ASP.NET Core sees http behind the TLS of nginx, so this redirects every request to itself',
          isLoop: true,
        }
      : null
  if (!isOther || /\bKnown(?:IP)?Networks\b|\bKnownProxies\b/.test(all)) return null
  if (!/\bXForwardedFor\b|\bForwardedHeaders\.All\b/.test(all) && believesEverybody(release)) return null
  return {
    at: forwarded,
    message: isRedirected
      ? 'headers of loopback alone are believed, and nginx connects from another container: https is redirected to itself'
      : 'headers of loopback alone are believed, and nginx connects from another container: the scheme stays http',
    isLoop: isRedirected,
  }
}

/** Before 8.0.17 and 9.0.6 the address was looked at for the sake of `X-Forwarded-For` alone, and every other header taken. */
function believesEverybody(release: string | null): boolean {
  const [, major, patch] = /^(\d+)\.0(?:\.(\d+))?(?!\d)/.exec(release ?? '') ?? []
  if (major === undefined) return true
  const since = major === '8' ? 17 : major === '9' ? 6 : 0
  return Number(major) < 8 || (patch !== undefined && Number(patch) < since)
}

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\/|(?<![:"])\/\/[^\n]*/g, comment => comment.replace(/[^\n]/g, ' '))
}

/** The one call of a method; null where there is none, or more than one. */
function callIn(sources: readonly Source[], name: string): Place | null {
  const found = sources.flatMap(source =>
    [...withoutComments(source.code).matchAll(new RegExp(`\\.(${name})\\s*\\(`, 'g'))].map(({ index }) => ({
      source,
      start: index + 1,
      end: index + 1 + name.length,
    })),
  )
  return found.length === 1 ? found[0]! : null
}

/** True for what stands behind a condition, as of the environment. */
function isConditional({ source, start }: Place): boolean {
  const before = source.code.slice(Math.max(0, start - 400), start)
  return /\bif\s*\([^;{}]*\)\s*(?:\{[^}]*)?\w*$/.test(before)
}

/** True where the port for TLS is told: without it `UseHttpsRedirection` redirects nothing. */
function knowsPort(all: string, environment: Application['environment']): boolean {
  return (
    ['ASPNETCORE_HTTPS_PORT', 'ASPNETCORE_HTTPS_PORTS', 'HTTPS_PORT', 'HTTPS_PORTS'].some(name =>
      /^\d+$/.test(environment(name) ?? ''),
    ) || /\bHttpsPort\s*=\s*\d+/.test(all)
  )
}
