export interface Tool {
  readonly image: RegExp
  readonly name: string
  /** What a location for it is called. */
  readonly word: string
  /** Variables and options that name the path. */
  readonly told: RegExp
  /** Directories of its configuration, which may say it, too. */
  readonly configuration: string
  readonly help: string
  /** What it does there, where that is not all of its addresses. */
  readonly does?: string
  /** True where its pages take their addresses from the one that they are asked by. */
  readonly isRelative?: true
}

export const TOOLS: readonly Tool[] = [
  {
    image: /^grafana\/grafana(?:-oss|-enterprise)?$/,
    name: 'Grafana',
    word: 'grafana',
    told: /^GF_SERVER_ROOT_URL=|server\.root_url/,
    configuration: '/etc/grafana',
    help: 'GF_SERVER_ROOT_URL: "%(protocol)s://%(domain)s:%(http_port)sPATH/"',
  },
  {
    image: /^(?:docker\.elastic\.co\/kibana\/)?kibana$/,
    name: 'Kibana',
    word: 'kibana',
    told: /^SERVER_BASEPATH=|server\.basePath/i,
    configuration: '/usr/share/kibana/config',
    help: 'SERVER_BASEPATH: PATH',
  },
  {
    image: /^(?:quay\.io\/prometheus|prom)\/prometheus$/,
    name: 'Prometheus',
    word: 'prometheus',
    told: /web\.(?:external-url|route-prefix)/,
    configuration: '/etc/never',
    help: '--web.external-url=PATH/',
  },
  {
    image: /^(?:quay\.io\/prometheus|prom)\/alertmanager$/,
    name: 'Alertmanager',
    word: 'alertmanager',
    told: /web\.(?:external-url|route-prefix)/,
    configuration: '/etc/never',
    help: '--web.external-url=PATH/',
    does: 'answers at `/` alone',
    isRelative: true,
  },
  {
    image: /^jenkins\/jenkins$/,
    name: 'Jenkins',
    word: 'jenkins',
    told: /--prefix/,
    configuration: '/etc/never',
    help: 'JENKINS_OPTS: --prefix=PATH',
  },
  {
    image: /^sonarqube$/,
    name: 'SonarQube',
    word: 'sonar',
    told: /SONAR_WEB_CONTEXT|sonar\.web\.context/,
    configuration: '/opt/sonarqube/conf',
    help: 'SONAR_WEB_CONTEXT: PATH',
  },
  {
    image: /^sonatype\/nexus3$/,
    name: 'Nexus',
    word: 'nexus',
    told: /NEXUS_CONTEXT|nexus-context-path/,
    configuration: '/nexus-data',
    help: 'NEXUS_CONTEXT: nexus',
  },
  {
    image: /^(?:docker\.n8n\.io\/)?n8nio\/n8n$/,
    name: 'n8n',
    word: 'n8n',
    told: /N8N_PATH|VUE_APP_URL_BASE_API/,
    configuration: '/etc/never',
    help: 'N8N_PATH: PATH/',
  },
  {
    image: /^(?:quay\.io\/)?keycloak\/keycloak$/,
    name: 'Keycloak',
    word: 'keycloak',
    told: /KC_HTTP_RELATIVE_PATH|http-relative-path|KC_HOSTNAME|--hostname/,
    configuration: '/opt/keycloak/conf',
    help: 'KC_HTTP_RELATIVE_PATH: PATH',
  },
  {
    image: /^mher\/flower$/,
    name: 'Flower',
    word: 'flower',
    told: /url[_-]prefix/i,
    configuration: '/etc/never',
    help: 'FLOWER_URL_PREFIX: PATH',
  },
  {
    image: /^dpage\/pgadmin4$/,
    name: 'pgAdmin',
    word: 'pgadmin',
    told: /^SCRIPT_NAME=/,
    configuration: '/pgadmin4',
    help: 'SCRIPT_NAME: PATH',
  },
  {
    image: /^mongo-express$/,
    name: 'mongo-express',
    word: 'mongo',
    told: /^ME_CONFIG_SITE_BASEURL=/,
    configuration: '/app/config.js',
    help: 'ME_CONFIG_SITE_BASEURL: PATH/',
  },
  {
    image: /^jaegertracing\/(?:all-in-one|jaeger-query)$/,
    name: 'Jaeger',
    word: 'jaeger',
    told: /^QUERY_BASE_PATH=|query\.base-path/,
    configuration: '/etc/never',
    help: 'QUERY_BASE_PATH: PATH',
  },
  {
    image: /^provectuslabs\/kafka-ui$/,
    name: 'Kafka UI',
    word: 'kafka',
    told: /^SERVER_SERVLET_CONTEXT_?PATH=|context-path/i,
    configuration: '/etc/kafkaui',
    help: 'SERVER_SERVLET_CONTEXT_PATH: PATH',
  },
  {
    image: /^apache\/airflow$/,
    name: 'Airflow',
    word: 'airflow',
    told: /^AIRFLOW__(?:WEBSERVER|API)__BASE_URL=/,
    configuration: '/opt/airflow/airflow.cfg',
    help: 'AIRFLOW__WEBSERVER__BASE_URL: https://example.orgPATH',
  },
  {
    image: /^phpmyadmin(?:\/phpmyadmin)?$/,
    name: 'phpMyAdmin',
    word: 'phpmyadmin',
    told: /^PMA_ABSOLUTE_URI=/,
    configuration: '/etc/phpmyadmin',
    help: 'PMA_ABSOLUTE_URI: https://example.orgPATH/',
    does: 'sends browsers to `/index.php` once they are logged in',
  },
  {
    image: /^(?:quay\.io\/)?jupyter\/[\w-]+$/,
    name: 'Jupyter',
    word: 'jupyter',
    told: /\bbase_url\b/,
    configuration: '/home/jovyan/.jupyter',
    help: '--ServerApp.base_url=PATH/',
  },
  {
    image: /^obsidiandynamics\/kafdrop$/,
    name: 'Kafdrop',
    word: 'kafdrop',
    told: /^SERVER_SERVLET_CONTEXT_?PATH=|context-path/i,
    configuration: '/etc/never',
    help: 'SERVER_SERVLET_CONTEXTPATH: PATH/',
  },
]

/** Programs that are installed on the machine of nginx, by the file that their package has there. */
export const INSTALLED = [
  {
    name: 'Grafana',
    word: 'grafana',
    serves: /^[ \t]*serve_from_sub_path[ \t]*=(?![ \t]*false)/m,
    file: '/etc/grafana/grafana.ini',
    environment: /\bGF_SERVER_(?:ROOT_URL|SERVE_FROM_SUB_PATH)\b/,
    defaults: '/etc/default/grafana-server',
    port: /^[ \t]*http_port[ \t]*=[ \t]*(\d+)/m,
    usual: 3000,
    told: /^[ \t]*root_url[ \t]*=(.*)$/m,
    help: 'root_url = %(protocol)s://%(domain)s:%(http_port)sPATH/',
  },
  {
    name: 'Kibana',
    word: 'kibana',
    serves: /^server\.rewriteBasePath:(?![ \t]*false)/m,
    file: '/etc/kibana/kibana.yml',
    environment: /\bSERVER_BASEPATH\b|basePath/,
    defaults: '/etc/default/kibana',
    port: /^server\.port:[ \t]*(\d+)/m,
    usual: 5601,
    told: /^server\.basePath:(.*)$/m,
    help: 'server.basePath: "PATH"',
  },
] as const
