// Fast replay WebSocket server: writes a prebuilt stream of server frames as fast as the socket takes it.
// build: cc -O2 -o wsserver wsserver.c -lssl -lcrypto
// run:   wsserver PORT DATADIR [--tls cert.pem key.pem] [--rate default-messages/s]
// URL:   ws://127.0.0.1:PORT/STREAM?n=N[&rate=R][&chunk=BYTES][&repeat=TIMES][&delay=MS after the 101]   (STREAM = plain|deflate_ct|deflate_ct6|deflate_noct|zstd|relay)
//   rate: R messages/s, one write per message (paced mode); without it the stream is written in chunks (default 256 KiB)
// One connection at a time. After N frames a Close(1000) frame is sent and the peer's close awaited (2 s).
#define _GNU_SOURCE
#include <openssl/ssl.h>
#include <openssl/sha.h>
#include <openssl/evp.h>
#include <openssl/err.h>
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <errno.h>
#include <poll.h>
typedef struct { char name[64]; unsigned char *p; size_t len; size_t *off; size_t n; } stream_t;
static stream_t S[16]; static int nS;
static double now(void){ struct timespec t; clock_gettime(CLOCK_MONOTONIC,&t); return t.tv_sec+t.tv_nsec*1e-9; }
static stream_t *load(const char *dir,const char *name){
  for(int i=0;i<nS;i++) if(!strcmp(S[i].name,name)) return &S[i];
  char path[512]; snprintf(path,sizeof path,"%s/%s.ws",dir,name);
  int fd=open(path,O_RDONLY); if(fd<0||nS==16) return NULL;
  struct stat st; fstat(fd,&st); stream_t *s=&S[nS++]; snprintf(s->name,sizeof s->name,"%s",name);
  s->len=st.st_size; s->p=mmap(NULL,s->len,PROT_READ,MAP_PRIVATE|MAP_POPULATE,fd,0); close(fd);
  size_t cap=1<<20,n=0; s->off=malloc(cap*sizeof(size_t)); size_t i=0;
  while(i<s->len){ if(n+2>cap){cap*=2; s->off=realloc(s->off,cap*sizeof(size_t));} s->off[n++]=i;
    size_t l=s->p[i+1]&127,h=2; if(l==126){l=s->p[i+2]<<8|s->p[i+3];h=4;} else if(l==127){l=0;for(int k=0;k<8;k++)l=l<<8|s->p[i+2+k];h=10;} i+=h+l; }
  s->off[n]=s->len; s->n=n; return s; }
static SSL *ssl; static int cfd;
static ssize_t wr(const void*b,size_t n){ size_t d=0; while(d<n){ ssize_t r=ssl?SSL_write(ssl,(const char*)b+d,(n-d)>(1<<30)?1<<30:(int)(n-d)):write(cfd,(const char*)b+d,n-d); if(r<=0){ if(!ssl&&errno==EINTR)continue; return -1;} d+=r;} return d; }
static ssize_t rd(void*b,size_t n){ return ssl?SSL_read(ssl,b,n):read(cfd,b,n); }
int main(int c,char**v){ if(c<3){fprintf(stderr,"usage\n");return 2;}
  signal(SIGPIPE,SIG_IGN); double drate=0; SSL_CTX*ctx=NULL; const char*dir=v[2];
  for(int i=3;i<c;i++) if(!strcmp(v[i],"--rate")) drate=atof(v[i+1]); else if(!strcmp(v[i],"--tls")){ ctx=SSL_CTX_new(TLS_server_method()); SSL_CTX_set_min_proto_version(ctx,TLS1_3_VERSION); SSL_CTX_set_ciphersuites(ctx,"TLS_AES_128_GCM_SHA256");
    if(SSL_CTX_use_certificate_chain_file(ctx,v[i+1])<=0||SSL_CTX_use_PrivateKey_file(ctx,v[i+2],SSL_FILETYPE_PEM)<=0){ERR_print_errors_fp(stderr);return 1;} }
  int ls=socket(AF_INET,SOCK_STREAM,0),one=1; setsockopt(ls,SOL_SOCKET,SO_REUSEADDR,&one,sizeof one);
  struct sockaddr_in a={.sin_family=AF_INET,.sin_port=htons(atoi(v[1])),.sin_addr.s_addr=htonl(INADDR_LOOPBACK)};
  if(bind(ls,(void*)&a,sizeof a)||listen(ls,16)){perror("bind");return 1;}
  for(;;){ cfd=accept(ls,NULL,NULL); if(cfd<0)continue; setsockopt(cfd,IPPROTO_TCP,TCP_NODELAY,&one,sizeof one); ssl=NULL;
    struct timeval tv={20,0}; setsockopt(cfd,SOL_SOCKET,SO_RCVTIMEO,&tv,sizeof tv); setsockopt(cfd,SOL_SOCKET,SO_SNDTIMEO,&tv,sizeof tv);
    if(ctx){ ssl=SSL_new(ctx); SSL_set_fd(ssl,cfd); if(SSL_accept(ssl)<=0){ERR_print_errors_fp(stderr);goto done;} }
    { char req[16384]; size_t n=0; while(n<sizeof req-1){ ssize_t r=rd(req+n,sizeof req-1-n); if(r<=0)goto done; n+=r; req[n]=0; if(strstr(req,"\r\n\r\n"))break; }
    char name[64]="plain"; size_t N=0,chunk=262144; double rate=drate; long delay=0,repeat=1; char*q=strchr(req,'/'); if(q){ int k=0; q++; while(*q&&*q!='?'&&*q!=' '&&k<63)name[k++]=*q++; name[k]=0; char*e=strchr(q,' '),*x;
      if(e){*e=0; if((x=strstr(q,"n=")))N=strtoull(x+2,0,10); if((x=strstr(q,"rate=")))rate=atof(x+5); if((x=strstr(q,"delay=")))delay=atol(x+6); if((x=strstr(q,"repeat=")))repeat=atol(x+7); if((x=strstr(q,"chunk=")))chunk=strtoull(x+6,0,10); *e=' ';} }
    char key[128]=""; char*kp=strcasestr(req,"sec-websocket-key:"); if(kp){kp+=18; while(*kp==' ')kp++; int k=0; while(*kp&&*kp!='\r'&&k<64)key[k++]=*kp++; key[k]=0;}
    stream_t*s=load(dir,name); if(!s){wr("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",45);goto done;}
    if(!N||N>s->n)N=s->n;
    const char*ext=""; int def=!strncmp(name,"deflate",7);
    if(def&&!strcasestr(req,"permessage-deflate")){fprintf(stderr,"client did not offer permessage-deflate\n");wr("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",47);goto done;}
    if(def)ext=strstr(name,"noct")?"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n":"Sec-WebSocket-Extensions: permessage-deflate\r\n";
    const char*proto=""; char pb[160]; char*pp=strcasestr(req,"sec-websocket-protocol:"); if(pp){pp+=23;while(*pp==' ')pp++; int k=0; char t[64]; while(*pp&&*pp!='\r'&&*pp!=','&&k<63)t[k++]=*pp++; t[k]=0; snprintf(pb,sizeof pb,"Sec-WebSocket-Protocol: %s\r\n",t); proto=pb;}
    strcat(key,"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"); unsigned char d[20]; SHA1((void*)key,strlen(key),d); char acc[64]; EVP_EncodeBlock((void*)acc,d,20);
    char res[1024]; int rl=snprintf(res,sizeof res,"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s%s\r\n",acc,ext,proto);
    if(wr(res,rl)<0)goto done; if(delay)usleep(delay*1000);
    if(rate>0) setsockopt(cfd,IPPROTO_TCP,TCP_CONGESTION,"reno",4); // BBR would pace by the client's acknowledgements, which come when it reads: only the schedule shall pace
    struct rusage r0,r1; getrusage(RUSAGE_SELF,&r0); double t0=now(); int bad=0;
    if(rate>0){ for(size_t i=0;i<N;i++){ double due=t0+i/rate, t=now(); if(due>t){struct timespec ts={(time_t)(due-t),(long)((due-t-(time_t)(due-t))*1e9)}; nanosleep(&ts,NULL);} if(wr(s->p+s->off[i],s->off[i+1]-s->off[i])<0){bad=1;break;} } }
    else for(long lap=0;lap<repeat&&!bad;lap++){ size_t end=s->off[N]; for(size_t i=0;i<end;){ size_t k=end-i<chunk?end-i:chunk; if(wr(s->p+i,k)<0){bad=1;break;} i+=k; } }
    unsigned char cl[4]={0x88,2,0x03,0xe8}; if(!bad)wr(cl,4);
    double t1=now(); getrusage(RUSAGE_SELF,&r1);
    double cu=(r1.ru_utime.tv_sec-r0.ru_utime.tv_sec)+(r1.ru_utime.tv_usec-r0.ru_utime.tv_usec)*1e-6, cs=(r1.ru_stime.tv_sec-r0.ru_stime.tv_sec)+(r1.ru_stime.tv_usec-r0.ru_stime.tv_usec)*1e-6;
    fprintf(stderr,"%s n=%zu bytes=%zu secs=%.3f MB/s=%.0f cpu_u=%.3f cpu_s=%.3f%s\n",name,N,s->off[N],t1-t0,s->off[N]/(t1-t0)/1e6,cu,cs,bad?" BROKEN":"");
    struct timeval tv2={2,0}; setsockopt(cfd,SOL_SOCKET,SO_RCVTIMEO,&tv2,sizeof tv2); if(!bad){ shutdown(cfd,ssl?-1:-1); for(ssize_t k;(k=rd(req,sizeof req))>0;) if((unsigned char)req[0]==0x88||(k>=8&&(unsigned char)req[k-8]==0x88))break; } }
    done: if(ssl){SSL_free(ssl);ssl=NULL;} close(cfd); } }
