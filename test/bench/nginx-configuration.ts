interface NginxOptions {
  readonly target: string;
  readonly connections: number;
  readonly port: number;
  /** For the files that it keeps while it runs. */
  readonly directory: string;
}

/** A reverse proxy in one process, which logs nothing and keeps its connections, as the others do. */
export function nginxConfiguration({ target, connections, port, directory }: NginxOptions): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
master_process off;
pid ${directory}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
${temporary.map((name) => `  ${name}_temp_path ${directory}/${name};`).join('\n')}
  upstream target {
    server ${new URL(target).host};
    keepalive ${connections};
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://target;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;
}
