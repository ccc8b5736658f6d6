// SPDX-License-Identifier: GPL-3.0-or-later
// Usage: java JavaClient.java PORT CA_FILE VERSION [pkcs12 FILE PASSWORD]
// Sends standard input over TLS, writes all that comes back until the server
// ends.

import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

class JavaClient {
    public static void main(String[] args) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (FileInputStream file = new FileInputStream(args[1])) {
            store.setCertificateEntry("ca",
                CertificateFactory.getInstance("X.509")
                    .generateCertificate(file));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(
            TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(shown(args), trust.getTrustManagers(), null);
        int port = Integer.parseInt(args[0]);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory()
                 .createSocket("localhost", port)) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            // Java leaves out a name without a dot unless it is told.
            parameters.setServerNames(List.of(new SNIHostName("localhost")));
            socket.setSSLParameters(parameters);
            socket.setEnabledProtocols(new String[] {args[2]});
            System.in.transferTo(socket.getOutputStream());
            socket.getInputStream().transferTo(System.out);
            System.out.flush();
        }
    }
    /** The certificate that is shown; null: none. */
    private static KeyManager[] shown(String[] args) throws Exception {
        if (args.length < 6) {
            return null;
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        char[] password = args[5].toCharArray();
        try (FileInputStream file = new FileInputStream(args[4])) {
            store.load(file, password);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(
            KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, password);
        return keys.getKeyManagers();
    }
}
