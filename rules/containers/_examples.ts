import { conf } from '../../src/engine/conf.ts'

/** A site of nginx in a container, which the compose file of {@link composeWith} mounts. */
export const siteTo = (target: string, lines = ''): string => conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass ${target.startsWith('«') ? `«http://${target.slice(1)}` : `http://${target}`};
          proxy_set_header Host $host;
          ${lines}
      }
  }
`

/** A web service that gunicorn answers for, and nginx beside it with `nginx/site.conf`. */
export const composeWith = ({
  command = 'gunicorn --bind 0.0.0.0:8000 shop.wsgi',
  web = '',
  nginx = '',
  more = '',
}: {
  readonly command?: string
  readonly web?: string
  readonly nginx?: string
  readonly more?: string
} = {}): string => conf`
  services:
    web:
      build: ./web
      command: ${command}
      ${web}
    nginx:
      image: nginx:1.27
      ports:
        - "80:80"
      volumes:
        - ./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro
      ${nginx}
  ${more}
`

/** The same, with the lines of its `environment`. */
export const webWithEnvironment = (lines: string): Record<string, string> => ({
  'docker-compose.yml': composeWith({
    web: conf`
      environment:
        ${lines}
    `,
  }),
  'nginx/site.conf': siteTo('web:8000'),
})

/** nginx before an image that these lines build. */
export const webBuiltFrom = (from: string, lines: string): Record<string, string> => ({
  'docker-compose.yml': composeWith(),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM ${from}
    ${lines}
    COPY . .
  `,
})

/** nginx with a site before a service that is called `app`. */
export const appBehind = (service: string, site: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
      app:
        ${service}
  `,
  'site.conf': site,
})

/** The same of an image, with these lines in a server for its name alone. */
export const imageBehind = (image: string, lines: string): Record<string, string> =>
  appBehind(
    `image: ${image}`,
    conf`
      server {
          listen 80;
          server_name example.org;
          ${lines}
      }
    `,
  )

/** nginx-proxy, and a service that tells it of itself by variables; `more` are services beside them. */
export const behindNginxProxy = (environment: string, more = ''): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      proxy:
        image: nginxproxy/nginx-proxy
        ports: ["80:80", "443:443"]
        volumes: ["/var/run/docker.sock:/tmp/docker.sock:ro"]
      shop:
        image: example/shop:1
        environment:
          ${environment}
      ${more}
  `,
})
